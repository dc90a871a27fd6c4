"""The calls on content, modes, times and users, which references do not have."""

import mmap, os, stat

from calls import (
    APPEND, CREAT, OTHER, RDONLY, RDWR, Row, TRUNC, USER, WRONLY, by, changes, changes_status, executing, fallocate,
    make, mapped, mknod, mode, opened, owner, put, read, through, time_of, unlinked, utimens, writing_while_run)

def files():
    file, folder, full = (make, "f"), (os.mkdir, "d"), (make, "d/g")
    free = (os.chmod, ".", 0o777)
    row = lambda *words, **others: Row(*words, refs=False, **others)
    yield row("open O_CREAT cuts the mode by umask(2)", "640", lambda: (make("f", 0o662), mode("f"))[1])
    yield row("open O_CREAT of a name of other bytes", "1", lambda: (make(b"\xff\n\xfe"), len(os.listdir(b".")))[1])
    yield row("open O_TRUNC", "0", lambda: (opened("f", WRONLY | TRUNC), os.stat("f").st_size)[1], file)
    yield row("open O_CREAT of a file keeps it", "0123456789", lambda: (opened("f", WRONLY | CREAT), read("f"))[1], file)
    yield row("open O_WRONLY of a running program", "ETXTBSY", lambda: executing("f", lambda: opened("f", WRONLY)))
    yield row("truncate of a running program", "ETXTBSY", lambda: executing("f", lambda: os.truncate("f", 0)))
    yield row("execve of a file that is open for writing", "ETXTBSY", lambda: writing_while_run("f"))
    yield row("write O_APPEND", "0123456789xy", lambda: (through(
        "f", WRONLY | APPEND, lambda at: os.lseek(at, 0, os.SEEK_SET), lambda at: os.write(at, b"x"),
        lambda at: os.write(at, b"y")), read("f"))[1], file)
    yield row("write O_APPEND after ftruncate", "01x", lambda: (through(
        "f", WRONLY | APPEND, lambda at: os.ftruncate(at, 2), lambda at: os.write(at, b"x")), read("f"))[1], file)
    yield row("write O_APPEND by two descriptors", "0123456789xy", lambda: (through("f", WRONLY | APPEND, lambda at: (
        through("f", WRONLY | APPEND, lambda other: os.write(other, b"x")), os.write(at, b"y"))), read("f"))[1], file)
    yield row("pwrite O_APPEND", "0123456789x", lambda: (
        through("f", WRONLY | APPEND, lambda at: os.pwrite(at, b"x", 0)), read("f"))[1], file)
    yield row("pwrite beyond the end", "0123456789..x", lambda: (
        through("f", WRONLY, lambda at: os.pwrite(at, b"x", 12)), read("f"))[1], file)
    yield row("pwrite at -1", "EINVAL", lambda: through("f", WRONLY, lambda at: os.pwrite(at, b"x", -1)), file)
    yield row("pread beyond the end", "b''", lambda: through("f", RDONLY, lambda at: os.pread(at, 5, 100)), file)
    yield row("lseek SEEK_DATA beyond the end", "ENXIO", lambda: through(
        "f", RDONLY, lambda at: os.lseek(at, 100, os.SEEK_DATA)), file)
    yield row("lseek SEEK_END of another's writes", "12", lambda: through("f", RDONLY, lambda at: through(
        "f", WRONLY, lambda other: os.pwrite(other, b"xy", 10)), lambda at: os.lseek(at, 0, os.SEEK_END)), file)
    yield row("read sees another's writes", "b'xy'", lambda: through("f", RDONLY, lambda at: through(
        "f", WRONLY, lambda other: os.write(other, b"xy"), lambda other: os.read(at, 2))), file)
    yield row("copy_file_range", "01x0123", lambda: (through("g", RDWR | CREAT, lambda at: os.write(at, b"01x"),
        lambda at: through("f", RDONLY, lambda other: os.copy_file_range(other, at, 4))), read("g"))[1], file)
    yield row("copy_file_range within a file, overlapping", "EINVAL", lambda: through(
        "f", RDWR, lambda at: os.copy_file_range(at, at, 5, 0, 2)), file)
    for number, name in enumerate(
            ["FALLOC_FL_KEEP_SIZE", "FALLOC_FL_PUNCH_HOLE", "FALLOC_FL_ZERO_RANGE"]):
        how = (1, 3, 16)[number]
        yield row("fallocate " + name, "ok", lambda how=how: through(
            "f", RDWR, lambda at: fallocate(at, how, 0, 4)), file, incoming="EOPNOTSUPP")

    yield row("truncate", "01234", lambda: (os.truncate("f", 5), read("f"))[1], file)
    yield row("truncate beyond the end", "0123456789..", lambda: (os.truncate("f", 12), read("f"))[1], file)
    yield row("truncate shorter and longer", "01...", lambda: (
        os.truncate("f", 2), os.truncate("f", 5), read("f"))[2], file)
    yield row("ftruncate", "0123....", lambda: (through(
        "f", RDWR, lambda at: os.ftruncate(at, 4), lambda at: os.ftruncate(at, 8)), read("f"))[1], file)
    yield row("truncate by a user without permission", "EACCES", lambda: by(USER, lambda: os.truncate("f", 0)), file)
    yield row("truncate changes the modification time", "True", lambda: changes("f", lambda: os.truncate("f", 3)), file)
    yield row("ftruncate of an unlinked file", "3", lambda: unlinked(
        lambda at: (os.ftruncate(at, 3), os.fstat(at).st_size)[1]))
    yield row("write to an unlinked file", "b'x1'", lambda: unlinked(
        lambda at: (os.pwrite(at, b"x", 0), os.pread(at, 2, 0))[1]))
    yield row("fchmod of an unlinked file", "600", lambda: unlinked(
        lambda at: (os.fchmod(at, 0o600), "%o" % (os.fstat(at).st_mode & 0o7777))[1]))

    yield row("mmap MAP_SHARED", "0x23456789", lambda: (mapped(
        "f", RDWR, mmap.ACCESS_WRITE, lambda view: put(view, 1, b"x")), read("f"))[1], file)
    yield row("mmap sees a write", "b'x'", lambda: mapped("f", RDWR, mmap.ACCESS_READ, lambda view: (
        through("f", WRONLY, lambda at: os.write(at, b"x")), view[:1])[1]), file)
    yield row("mmap MAP_SHARED PROT_WRITE O_RDONLY", "EACCES", lambda: mapped(
        "f", RDONLY, mmap.ACCESS_WRITE, lambda view: None), file)
    yield row("mmap MAP_PRIVATE PROT_WRITE O_RDONLY", "0123456789", lambda: (mapped(
        "f", RDONLY, mmap.ACCESS_COPY, lambda view: put(view, 0, b"x")), read("f"))[1], file)

    yield row("chmod", "4751", lambda: (os.chmod("f", 0o4751), mode("f"))[1], file)
    yield row("chmod of a directory", "3751", lambda: (os.chmod("d", 0o3751), mode("d"))[1], folder)
    yield row("chmod by the owner", "600", lambda: by(USER, lambda: (make("f"), os.chmod("f", 0o600), mode("f"))[2]), free)
    yield row("chmod by another user", "EPERM", lambda: by(USER, lambda: os.chmod("f", 0o777)), file)
    yield row("chmod S_ISGID by a user outside of the group", "755", lambda: by(
        USER, lambda: (os.chmod("f", 0o2755), mode("f"))[1]), file, (os.chown, "f", USER, OTHER))
    yield row("chmod changes the status change time", "True", lambda: changes_status(
        "f", lambda: os.chmod("f", 0o600)), file)
    yield row("chown", "1 2", lambda: (os.chown("f", 1, 2), owner("f"))[1], file)
    yield row("chown of -1", "0 0", lambda: (os.chown("f", -1, -1), owner("f"))[1], file)
    yield row("chown of a directory", "1 2", lambda: (os.chown("d", 1, 2), owner("d"))[1], folder)
    yield row("chown by a user", "EPERM", lambda: by(USER, lambda: os.chown("f", OTHER, -1)), file,
              (os.chown, "f", USER, USER))
    yield row("chown to the user's own group", "%d %d" % (USER, OTHER), lambda: (
        by(USER, lambda: os.chown("f", -1, OTHER), [OTHER]), owner("f"))[1], file, (os.chown, "f", USER, USER))
    yield row("chown to another group", "EPERM", lambda: by(USER, lambda: os.chown("f", -1, OTHER)), file,
              (os.chown, "f", USER, USER))
    yield row("chown of another's file", "EPERM", lambda: by(USER, lambda: os.chown("f", USER, USER)), file)
    yield row("chown clears S_ISUID and S_ISGID", "755", lambda: (os.chown("f", 1, 1), mode("f"))[1], file,
              (os.chmod, "f", 0o6755))
    yield row("write by a user clears S_ISUID and S_ISGID", "777", lambda: (by(
        USER, lambda: through("f", WRONLY, lambda at: os.write(at, b"x"))), mode("f"))[1], file, (os.chmod, "f", 0o6777))
    yield row("truncate by a user clears S_ISUID", "777", lambda: (by(
        USER, lambda: os.truncate("f", 3)), mode("f"))[1], file, (os.chmod, "f", 0o4777))

    yield row("utimensat", "1000000002 3000000004", lambda: (os.utime("f", ns=(1000000002, 3000000004)), "%d %d" % (
        os.stat("f").st_atime_ns, os.stat("f").st_mtime_ns))[1], file)
    yield row("utimensat before 1970", "-1500000000", lambda: (os.utime("f", ns=(0, -1500000000)), time_of("f"))[1], file)
    yield row("utimensat after 2038", "4294967296000000000", lambda: (
        os.utime("f", ns=(0, 4294967296 * 10 ** 9)), time_of("f"))[1], file)
    yield row("utimensat UTIME_OMIT", "1000000000", lambda: (
        os.utime("f", (1, 1)), utimens("f", 0, (1 << 30) - 1, (1 << 30) - 2), time_of("f"))[2], file)
    yield row("utimensat UTIME_NOW", "True", lambda: changes("f", lambda: utimens(
        "f", 0, (1 << 30) - 1, (1 << 30) - 1)), file)
    yield row("utimensat of nanoseconds above 999999999", "EINVAL", lambda: utimens("f", 0, 10 ** 9, 0), file)
    yield row("utimensat by a user who may write, now", "ok", lambda: by(USER, lambda: os.utime("f")), file,
              (os.chmod, "f", 0o666))
    yield row("utimensat by a user who may write, to a time", "EPERM", lambda: by(
        USER, lambda: os.utime("f", (1, 1))), file, (os.chmod, "f", 0o666))
    yield row("utimensat by a user who may not write, now", "EACCES", lambda: by(USER, lambda: os.utime("f")), file)
    yield row("utimensat of a directory", "5000000000", lambda: (os.utime("d", (5, 5)), time_of("d"))[1], folder)
    yield row("write changes the modification time", "True", lambda: changes(
        "f", lambda: through("f", WRONLY, lambda at: os.write(at, b"x"))), file)
    for name, action in [
            ("open O_CREAT", lambda: make("d/h")), ("mkdir", lambda: os.mkdir("d/e")), ("unlink", lambda: os.unlink("d/g")),
            ("rename", lambda: os.rename("d/g", "h")), ("rename within it", lambda: os.rename("d/g", "d/h"))]:
        yield row(name + " changes the directory's modification time", "True", lambda action=action: changes(
            "d", action), folder, full)
    yield row("open changes no modification time", "False", lambda: changes("f", lambda: opened("f", RDWR)), file)

    yield row("mkdir cuts the mode by umask(2)", "750", lambda: (os.mkdir("d", 0o777), mode("d"))[1])
    yield row("mkdir by a user", "%d %d" % (USER, USER), lambda: (by(USER, lambda: os.mkdir("d")), owner("d"))[1], free)
    yield row("mkdir in a directory with S_ISGID", "2750 0 %d" % OTHER, lambda: (os.mkdir("d/e"), "%s %s" % (
        mode("d/e"), owner("d/e")))[1], folder, (os.chown, "d", 0, OTHER), (os.chmod, "d", 0o2755))
    yield row("open O_CREAT in a directory with S_ISGID", "0 %d" % OTHER, lambda: (make("d/g"), owner("d/g"))[1], folder,
              (os.chown, "d", 0, OTHER), (os.chmod, "d", 0o2755))
    for name, action in [
            ("open O_CREAT", lambda: make("d/h")), ("mkdir", lambda: os.mkdir("d/e")), ("unlink", lambda: os.unlink("d/g")),
            ("rename", lambda: os.rename("d/g", "d/h")), ("stat", lambda: os.stat("d/g"))]:
        bits = 0o644 if name == "stat" else 0o755
        yield row(name + " in a directory without permission", "EACCES", lambda action=action: by(USER, action), folder,
                  full, (os.chmod, "d", bits))
    yield row("open O_RDONLY of a file without permission", "EACCES", lambda: by(USER, lambda: opened("f", RDONLY)), file,
              (os.chmod, "f", 0o600))
    yield row("open O_WRONLY of a file without permission", "EACCES", lambda: by(USER, lambda: opened("f", WRONLY)), file)
    yield row("open O_TRUNC of a file without permission", "EACCES", lambda: by(
        USER, lambda: opened("f", RDONLY | TRUNC)), file)
    yield row("write through a descriptor without permission since", "ok", lambda: by(USER, lambda: through(
        "f", WRONLY | CREAT, lambda at: os.fchmod(at, 0), lambda at: os.write(at, b"x"), lambda at: None)), free)
    yield row("open O_NOATIME of another's file", "EPERM", lambda: by(
        USER, lambda: opened("f", RDONLY | os.O_NOATIME)), file, (os.chmod, "f", 0o644))
    sticky = [folder, (os.chmod, "d", 0o1777), full, (os.chown, "d/g", OTHER, OTHER)]
    yield row("unlink of another's file in a sticky directory", "EPERM", lambda: by(
        USER, lambda: os.unlink("d/g")), *sticky)
    yield row("rename of another's file in a sticky directory", "EPERM", lambda: by(
        USER, lambda: os.rename("d/g", "d/h")), *sticky)
    yield row("rename over another's file in a sticky directory", "EPERM", lambda: by(
        USER, lambda: (make("d/h"), os.rename("d/h", "d/g"))), *sticky)
    yield row("rmdir of another's directory in a sticky directory", "EPERM", lambda: by(
        USER, lambda: os.rmdir("d/e")), *sticky, (os.mkdir, "d/e"))
    yield row("unlink of the user's own file in a sticky directory", "ok", lambda: by(
        OTHER, lambda: os.unlink("d/g")), *sticky)
    yield row("unlink in the user's own sticky directory", "ok", lambda: by(
        USER, lambda: os.unlink("d/g")), *sticky, (os.chown, "d", USER, USER))
    yield row("mknod of a device by a user", "EPERM", lambda: by(USER, lambda: mknod("g", stat.S_IFCHR)), free)
    yield row("access W_OK by a user without permission", "False", lambda: by(USER, lambda: os.access(
        "f", os.W_OK, effective_ids=True)), file)

    yield row("setxattr", "b'1'", lambda: (os.setxattr("f", "user.a", b"1"), os.getxattr("f", "user.a"))[1], file)
    yield row("setxattr of a directory", "['user.a']", lambda: (os.setxattr("d", "user.a", b"1"), os.listxattr("d"))[1],
              folder)
    yield row("setxattr XATTR_CREATE of an attribute", "EEXIST", lambda: os.setxattr(
        "f", "user.a", b"1", os.XATTR_CREATE), file, (os.setxattr, "f", "user.a", b"1"))
    yield row("setxattr XATTR_REPLACE of nothing", "ENODATA", lambda: os.setxattr(
        "f", "user.a", b"1", os.XATTR_REPLACE), file)
    yield row("setxattr of a name of 256 bytes", "ERANGE", lambda: os.setxattr("f", "user." + "n" * 251, b""), file)
    yield row("setxattr of a value above 64 KiB", "E2BIG", lambda: os.setxattr("f", "user.a", bytes(65537)), file)
    yield row("removexattr of nothing", "ENODATA", lambda: os.removexattr("f", "user.a"), file)
    yield row("setxattr by a user without permission", "EACCES", lambda: by(
        USER, lambda: os.setxattr("f", "user.a", b"1")), file)
