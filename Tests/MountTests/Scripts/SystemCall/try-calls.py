"""Makes the calls of the tables at a place, and prints those with another result.

    try-calls.py PLACE DIRECTORY [CONTENT]
    try-calls.py PLACE DIRECTORY FILE LINK FOLDER

PLACE is `disk`, or a place of a mount with results of its own by design. The first form makes each call in an empty
directory of its own, the second one makes the calls for what cannot be changed.
"""

import os, sys
import calls
from file_calls import files
from frozen_calls import frozen
from name_calls import names

place, directory, *words = sys.argv[1:]
rows = list(names()) + list(files())
if len(words) == 3:
    rows = list(frozen(*words))
elif words:
    calls.content = words[0].encode()
    rows = [row for row in rows if row.everywhere]
os.umask(0o027)
failed = 0
os.chdir(directory)
for number, row in enumerate(rows):
    if len(words) < 3:
        work = "%s/%d" % (directory, number)
        os.mkdir(work)
        os.chmod(work, 0o755)
        os.chdir(work)
    outcome = row.outcome()
    if outcome != row.at(place):
        failed += 1
        print("%s: %s: %s in place of %s" % (directory, row.title, outcome, row.at(place)))
print("%s: %d calls" % (directory, len(rows)))
sys.exit(failed > 0)
