"""The calls in a place that cannot be changed, with a file, or none, a link to one and a directory."""

import os, stat

from calls import (
    CREAT, EXCL, LONG, RDONLY, RDWR, Row, TRUNC, WRONLY, bind, make, mknod, opened, read)

# A link leads to a blob, which tools of layouts may write: see W8 and W9 of casfs-tree(7).
LINKED = {"open O_RDONLY O_TRUNC": "EBADMSG", "chmod": "ok", "chown": "ok", "utimensat": "ok"}

def frozen(file, link, folder):
    row = lambda *words, **others: Row(*words, refs=False, **others)
    for name in [file, link]:
        if not name:
            continue
        kind = "file" if name == file else "link"
        for title, action in [
                ("open O_WRONLY", lambda name=name: opened(name, WRONLY)),
                ("open O_RDONLY O_TRUNC", lambda name=name: opened(name, RDONLY | TRUNC)),
                ("open O_CREAT O_RDWR", lambda name=name: opened(name, RDWR | CREAT)),
                ("truncate", lambda name=name: os.truncate(name, 0)), ("chmod", lambda name=name: os.chmod(name, 0o600)),
                ("chown", lambda name=name: os.chown(name, 0, 0)),
                ("lchown", lambda name=name: os.chown(name, 0, 0, follow_symlinks=False)),
                ("utimensat", lambda name=name: os.utime(name)),
                ("setxattr", lambda name=name: os.setxattr(name, "user.a", b"1")),
                ("removexattr", lambda name=name: os.removexattr(name, "user.a")),
                ("unlink", lambda name=name: os.unlink(name)),
                ("rename", lambda name=name: os.rename(name, "new"))]:
            results = {"others": LINKED[title]} if kind == "link" and title in LINKED else {}
            yield row("%s of a %s" % (title, kind), "EROFS", action, **results)
        for title, action in [
                ("open O_CREAT O_EXCL", lambda name=name: opened(name, WRONLY | CREAT | EXCL)),
                ("mkdir", lambda name=name: os.mkdir(name)), ("symlink", lambda name=name: os.symlink("x", name))]:
            yield row("%s over a %s" % (title, kind), "EEXIST", action)
        yield row("open O_CREAT below a " + kind, "ENOTDIR", lambda name=name: make(name + "/x"))
        yield row("mkdir below a " + kind, "ENOTDIR", lambda name=name: os.mkdir(name + "/x"))
        yield row("open O_DIRECTORY of a " + kind, "ENOTDIR", lambda name=name: opened(name, RDONLY | os.O_DIRECTORY))
        yield row("access W_OK of a " + kind, "False", lambda name=name: os.access(name, os.W_OK),
                  others="True")
    yield row("open O_NOFOLLOW of a link", "ELOOP", lambda: opened(link, RDONLY | os.O_NOFOLLOW))
    yield row("read through a link", "True", lambda: len(read(link)) > 0)
    for title, action in [
            ("open O_CREAT", lambda: make("new")), ("mkdir", lambda: os.mkdir("new")),
            ("mkdir in a directory", lambda: os.mkdir(folder + "/new")),
            ("mknod of a regular file", lambda: mknod("new", stat.S_IFREG)),
            ("rmdir", lambda: os.rmdir(folder)), ("rename of a directory", lambda: os.rename(folder, "new")),
            ("chmod of a directory", lambda: os.chmod(folder, 0o700)), ("utimensat of a directory", lambda: os.utime("."))]:
        yield row(title, "EROFS", action)
    for title, action in [
            ("link", lambda: os.link(file or link, "new")), ("symlink", lambda: os.symlink("x", "new")),
            ("mkfifo", lambda: os.mkfifo("new")), ("mknod of a device", lambda: mknod("new", stat.S_IFCHR)),
            ("bind of a socket", lambda: bind("new"))]:
        yield row(title, "EROFS", action, others="EPERM")
    yield row("mkdir of a directory", "EEXIST", lambda: os.mkdir(folder))
    yield row("open O_WRONLY of a directory", "EISDIR", lambda: opened(folder, WRONLY))
    yield row("readlink of a directory", "EINVAL", lambda: os.readlink(folder))
    yield row("stat of a name of 256 bytes", "ENAMETOOLONG", lambda: os.stat(LONG + "n"))
    yield row("stat of nothing", "ENOENT", lambda: os.stat("new"))
    yield row("open O_TMPFILE", "EROFS", lambda: opened(".", RDWR | os.O_TMPFILE), others="EOPNOTSUPP")
    yield row("access W_OK of a directory", "False", lambda: os.access(folder, os.W_OK),
              others="True")
