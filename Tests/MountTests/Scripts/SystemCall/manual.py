"""Compares the list in casfs-tools(7) of calls with other results with the tables of calls, or writes it.

    manual.py PAGE [write]
"""

import sys
from file_calls import files
from frozen_calls import frozen
from name_calls import names

BEGIN = '.\\" The following list is written by a test.\n'
END = '.\\" The list ends here.\n'

def escaped(text):
    return text.replace("\\", "\\e").replace("-", "\\-")

def shown(result):
    """An error, `yes` or `no`; other results show that the call works."""
    return result if result.isupper() or not result else {"True": "yes", "False": "no"}.get(result, "works")

def table():
    """A row for each call with another result anywhere; one with the same results for files and for links counts once."""
    lines, seen = [], set()
    rows = [*names(), *files(), *frozen("file", "link", "folder")]
    exceptions = {row.title: row.exceptions for row in rows}
    for row in rows:
        title = row.title.removesuffix(" of a file").removesuffix(" of a link")
        if exceptions.get(title + " of a file") != exceptions.get(title + " of a link"):
            title = row.title
        if not row.exceptions or (title, row.result) in seen:
            continue
        seen.add((title, row.result))
        results = [row.result] + [row.exceptions.get(place, "") for place in ("incoming", "refs", "others")]
        lines.append("T{\n%s\nT}\t%s\n" % (escaped(title), "\t".join(map(shown, results)).rstrip()))
    return ".TS\nlw(30)2 l2 l2 l2 l.\n\tdisk\tincoming\trefs\tothers\n" + "".join(lines) + ".TE\n"

path = sys.argv[1]
with open(path) as page:
    text = page.read()
before, rest = text.split(BEGIN)
wanted = before + BEGIN + table() + END + rest.split(END)[1]
if sys.argv[2:] == ["write"]:
    with open(path, "w") as page:
        page.write(wanted)
elif text != wanted:
    sys.exit("the list of casfs-tools(7) differs; CASFS_WRITE_MANUAL=1 writes it:\n" + table())
