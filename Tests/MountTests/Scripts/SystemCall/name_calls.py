"""The calls on names, whose results hold wherever files can be made."""

import fcntl, os, stat

from calls import (
    CREAT, EXCL, LONG, RDONLY, RDWR, RENAME_EXCHANGE, RENAME_NOREPLACE, Row, TRUNC, WRONLY, bind, fallocate, listed,
    locked, make, mknod, opened, removed_directory, rename2, renamed_while_open, replaced_while_open, through,
    unlinked)

def names():
    file, folder, full = (make, "f"), (os.mkdir, "d"), (make, "d/g")
    row = Row
    yield row("open O_CREAT", "f", lambda: (make("f"), listed("."))[1])
    yield row("open O_CREAT of a name of 255 bytes", "ok", lambda: make(LONG))
    yield row("open O_CREAT of a name of 256 bytes", "ENAMETOOLONG", lambda: make(LONG + "n"))
    yield row("open of a path of 4096 bytes", "ENAMETOOLONG", lambda: opened("d/" * 2048, RDONLY), folder)
    yield row("open O_CREAT O_EXCL of a file", "EEXIST", lambda: opened("f", WRONLY | CREAT | EXCL), file)
    yield row("open O_CREAT O_EXCL of a directory", "EEXIST", lambda: opened("d", WRONLY | CREAT | EXCL), folder)
    yield row("open O_CREAT of a directory", "EISDIR", lambda: opened("d", RDONLY | CREAT), folder)
    yield row("open O_WRONLY of a directory", "EISDIR", lambda: opened("d", WRONLY), folder)
    yield row("open O_RDWR of a directory", "EISDIR", lambda: opened("d", RDWR), folder)
    yield row("open O_TRUNC of a directory", "EISDIR", lambda: opened("d", RDONLY | TRUNC), folder)
    yield row("open O_DIRECTORY of a file", "ENOTDIR", lambda: opened("f", RDONLY | os.O_DIRECTORY), file)
    yield row("open of nothing", "ENOENT", lambda: opened("f", RDWR))
    yield row("open O_CREAT below nothing", "ENOENT", lambda: make("d/g"))
    yield row("open O_CREAT below a file", "ENOTDIR", lambda: make("f/g"), file)
    yield row("open of a file with a slash", "ENOTDIR", lambda: opened("f/", RDONLY), file)
    yield row("open O_CREAT with a slash", "EISDIR", lambda: make("f/"))
    yield row("open O_CREAT of .", "EISDIR", lambda: make("."))
    yield row("open O_NOFOLLOW of a file", "ok", lambda: opened("f", RDONLY | os.O_NOFOLLOW), file)
    yield row("open O_TMPFILE", "ok", lambda: opened(".", RDWR | os.O_TMPFILE), refs="EOPNOTSUPP", incoming="EOPNOTSUPP")
    yield row("read of a directory", "EISDIR", lambda: through("d", RDONLY, lambda file: os.read(file, 1)), folder)
    yield row("read O_WRONLY", "EBADF", lambda: through("f", WRONLY, lambda file: os.read(file, 1)), file)
    yield row("write O_RDONLY", "EBADF", lambda: through("f", RDONLY, lambda file: os.write(file, b"x")), file)
    yield row("stat of nothing", "ENOENT", lambda: os.stat("f"))
    yield row("stat below a file", "ENOTDIR", lambda: os.stat("f/g"), file)
    yield row("readlink of a file", "EINVAL", lambda: os.readlink("f"), file)
    yield row("listing of a file", "ENOTDIR", lambda: os.listdir("f"), file)
    yield row("listing", "d/ f", lambda: listed("."), folder, file)
    yield row("access F_OK of nothing", "False", lambda: os.access("f", os.F_OK))
    yield row("access X_OK by root without a permission", "False", lambda: os.access("f", os.X_OK), file)

    yield row("mkdir", "d/", lambda: (os.mkdir("d"), listed("."))[1])
    yield row("mkdir with a slash", "ok", lambda: os.mkdir("d/"))
    yield row("mkdir of a directory", "EEXIST", lambda: os.mkdir("d"), folder)
    yield row("mkdir of a file", "EEXIST", lambda: os.mkdir("f"), file)
    yield row("mkdir of .", "EEXIST", lambda: os.mkdir("."))
    yield row("mkdir below nothing", "ENOENT", lambda: os.mkdir("d/e"))
    yield row("mkdir below a file", "ENOTDIR", lambda: os.mkdir("f/e"), file)
    yield row("mkdir of a name of 256 bytes", "ENAMETOOLONG", lambda: os.mkdir(LONG + "n"))
    yield row("mkdir in a removed directory", "ENOENT", lambda: removed_directory(lambda at: os.mkdir("e", dir_fd=at)))

    yield row("rmdir", "", lambda: (os.rmdir("d"), listed("."))[1], folder)
    yield row("rmdir of a directory with a file", "ENOTEMPTY", lambda: os.rmdir("d"), folder, full)
    yield row("rmdir of a directory with a directory", "ENOTEMPTY", lambda: os.rmdir("d"), folder, (os.mkdir, "d/e"))
    yield row("rmdir of nothing", "ENOENT", lambda: os.rmdir("d"))
    yield row("rmdir of a file", "ENOTDIR", lambda: os.rmdir("f"), file)
    yield row("rmdir below a file", "ENOTDIR", lambda: os.rmdir("f/e"), file)
    yield row("rmdir of .", "EINVAL", lambda: os.rmdir("d/."), folder)
    yield row("rmdir of ..", "ENOTEMPTY", lambda: os.rmdir("d/.."), folder)
    yield row("rmdir of a name of 256 bytes", "ENAMETOOLONG", lambda: os.rmdir(LONG + "n"))
    yield row("listing of a removed directory", "[]", lambda: removed_directory(os.listdir), refs="ENOENT")
    yield row("open O_CREAT in a removed directory", "ENOENT", lambda: removed_directory(
        lambda at: os.open("f", WRONLY | CREAT, dir_fd=at)))

    yield row("unlink", "", lambda: (os.unlink("f"), listed("."))[1], file)
    yield row("unlink of nothing", "ENOENT", lambda: os.unlink("f"))
    yield row("unlink of a directory", "EISDIR", lambda: os.unlink("d"), folder)
    yield row("unlink with a slash", "ENOTDIR", lambda: os.unlink("f/"), file)
    yield row("unlink below a file", "ENOTDIR", lambda: os.unlink("f/g"), file)
    yield row("unlink of a name of 256 bytes", "ENAMETOOLONG", lambda: os.unlink(LONG + "n"))
    yield row("fstat st_nlink of an unlinked file", "0", lambda: unlinked(
        lambda at: os.fstat(at).st_nlink, RDONLY), refs="ENOENT")
    yield row("read of an unlinked file", "True", lambda: unlinked(
        lambda at: len(os.pread(at, 1000, 0)) > 0, RDONLY))

    yield row("rename", "g", lambda: (os.rename("f", "g"), listed("."))[1], file)
    yield row("rename of a file to itself", "f", lambda: (os.rename("f", "f"), listed("."))[1], file)
    yield row("rename over a file", "g", lambda: (os.rename("f", "g"), listed("."))[1], file, (make, "g"))
    yield row("rename over a file that is open", "True", replaced_while_open)
    yield row("rename of a file that is written", "True", lambda: renamed_while_open(WRONLY | CREAT | TRUNC),
              refs="EINVAL")
    yield row("rename keeps the inode number", "True", lambda: os.stat("f").st_ino == (
        os.rename("f", "g"), os.stat("g").st_ino)[1], file, refs="False")
    yield row("rename of nothing", "ENOENT", lambda: os.rename("f", "g"))
    yield row("rename below nothing", "ENOENT", lambda: os.rename("f", "d/f"), file)
    yield row("rename below a file", "ENOTDIR", lambda: os.rename("f", "g/f"), file, (make, "g"))
    yield row("rename of a file over a directory", "EISDIR", lambda: os.rename("f", "d"), file, folder)
    yield row("rename of a directory over a file", "ENOTDIR", lambda: os.rename("d", "f"), file, folder)
    yield row("rename of a file with a slash", "ENOTDIR", lambda: os.rename("f/", "g"), file)
    yield row("rename of a file to a name with a slash", "ENOTDIR", lambda: os.rename("f", "g/"), file)
    yield row("rename to a name of 256 bytes", "ENAMETOOLONG", lambda: os.rename("f", LONG + "n"), file)
    yield row("rename RENAME_NOREPLACE", "g", lambda: (rename2("f", "g", RENAME_NOREPLACE), listed("."))[1], file)
    yield row("rename RENAME_NOREPLACE over a file", "EEXIST", lambda: rename2("f", "g", RENAME_NOREPLACE), file,
              (make, "g"))
    yield row("rename with both flags", "EINVAL", lambda: rename2("f", "g", RENAME_NOREPLACE | RENAME_EXCHANGE), file,
              (make, "g"))
    yield row("rename RENAME_EXCHANGE", "ok", lambda: rename2("f", "g", RENAME_EXCHANGE), file, (make, "g"),
              incoming="EINVAL", refs="EINVAL")
    yield row("rename RENAME_EXCHANGE with nothing", "ENOENT", lambda: rename2("f", "g", RENAME_EXCHANGE), file)
    yield row("rename of a directory", "e/", lambda: (os.rename("d", "e"), listed("."))[1], folder, refs="EISDIR")
    yield row("rename of a directory with a file", "g", lambda: (os.rename("d", "e"), listed("e"))[1], folder, full,
              refs="EISDIR")
    yield row("rename over an empty directory", "g", lambda: (os.rename("d", "e"), listed("e"))[1], folder, full,
              (os.mkdir, "e"), refs="EISDIR")
    yield row("rename over a full directory", "ENOTEMPTY", lambda: os.rename("d", "e"), folder, (os.mkdir, "e"),
              (make, "e/g"), refs="EISDIR")
    yield row("rename of a directory into itself", "EINVAL", lambda: os.rename("d", "d/e"), folder)
    yield row("rename of a directory over its parent", "ENOTEMPTY", lambda: os.rename("d/e", "d"), folder,
              (os.mkdir, "d/e"))
    yield row("rename of .", "EBUSY", lambda: os.rename("d/.", "e"), folder)

    yield row("link", "ok", lambda: os.link("f", "g"), file, incoming="EPERM", refs="EPERM")
    yield row("link over a file", "EEXIST", lambda: os.link("f", "g"), file, (make, "g"))
    yield row("link of nothing", "ENOENT", lambda: os.link("f", "g"))
    yield row("link of a directory", "EPERM", lambda: os.link("d", "g"), folder)
    yield row("symlink", "ok", lambda: os.symlink("f", "g"), incoming="EPERM", refs="EPERM")
    yield row("symlink over a file", "EEXIST", lambda: os.symlink("x", "f"), file)
    yield row("symlink below nothing", "ENOENT", lambda: os.symlink("x", "d/g"))
    yield row("mkfifo", "ok", lambda: os.mkfifo("g"), incoming="EPERM", refs="EPERM")
    yield row("mkfifo over a file", "EEXIST", lambda: os.mkfifo("f"), file)
    yield row("mknod of a device", "ok", lambda: mknod("g", stat.S_IFCHR), incoming="EPERM", refs="EPERM")
    yield row("mknod of a device over a file", "EEXIST", lambda: mknod("f", stat.S_IFCHR), file)
    yield row("mknod of a regular file", "ok", lambda: mknod("g", stat.S_IFREG), refs="EINVAL")
    yield row("bind of a socket", "ok", lambda: bind("g"), incoming="EPERM", refs="EPERM")
    yield row("bind of a socket over a file", "EADDRINUSE", lambda: bind("f"), file)

    yield row("truncate of a directory", "EISDIR", lambda: os.truncate("d", 0), folder)
    yield row("truncate of nothing", "ENOENT", lambda: os.truncate("f", 0))
    yield row("truncate below a file", "ENOTDIR", lambda: os.truncate("f/g", 0), file)
    yield row("truncate to -1", "EINVAL", lambda: os.truncate("f", -1), file)
    yield row("ftruncate O_RDONLY", "EINVAL", lambda: through("f", RDONLY, lambda at: os.ftruncate(at, 0)), file)
    yield row("fallocate", "ok", lambda: through("f", RDWR, lambda at: fallocate(at, 0, 0, 9)), file,
              incoming="EOPNOTSUPP", refs="EOPNOTSUPP")
    yield row("chmod of nothing", "ENOENT", lambda: os.chmod("f", 0))
    yield row("chmod below a file", "ENOTDIR", lambda: os.chmod("f/g", 0), file)
    yield row("utimensat of nothing", "ENOENT", lambda: os.utime("f"))
    yield row("fsync of a directory", "ok", lambda: through("d", RDONLY, os.fsync), folder)
    yield row("flock of a locked file", "EAGAIN", lambda: locked("f", lambda file: fcntl.flock(
        file, fcntl.LOCK_EX | fcntl.LOCK_NB)), file)
    yield row("fcntl F_SETLK of a locked file", "EAGAIN", lambda: locked("f", lambda file: fcntl.lockf(
        file, fcntl.LOCK_EX | fcntl.LOCK_NB)), file)
