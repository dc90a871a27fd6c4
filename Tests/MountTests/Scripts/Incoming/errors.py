"""Makes the same system calls below incoming and in a directory on a disk, and compares their results.

Each row is a call with its arguments; names are relative to the directory, and a list of rows begins in an empty one.
"""

import ctypes, errno, os, sys

LONG = "n" * 255
RENAME_NOREPLACE = 1
libc = ctypes.CDLL(None, use_errno=True)

def rename2(old, new, flags):
    if libc.renameat2(-100, old.encode(), -100, new.encode(), flags):
        raise OSError(ctypes.get_errno(), "renameat2")

def make(name, text=b"text"):
    file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.write(file, text)
    os.close(file)

def open_close(name, flags, mode=0o666):
    os.close(os.open(name, flags, mode))

def with_file(name, flags, action):
    file = os.open(name, flags)
    try:
        return action(file)
    finally:
        os.close(file)

def mode(name):
    return "%o" % (os.stat(name).st_mode & 0o7777)

def kept(name):
    with open(name, "rb") as file:
        return os.fstat(file.fileno()).st_size, file.read()

ROWS = {
    "rename": [
        (make, "a"), (make, "b", b"other"), (os.mkdir, "d"), (os.mkdir, "e"), (make, "e/f"), (os.mkdir, "g"),
        (os.rename, "a", "a"), (kept, "a"), (os.rename, "none", "a"), (os.rename, "none", "none"),
        (os.rename, "a", "d"), (os.rename, "d", "a"), (os.rename, "d", "e"), (os.rename, "e", "d"),
        (os.rename, "d", "d/x"), (os.rename, "d", "d/f/x"), (os.rename, "d/f", "d/f/x"), (os.rename, "a/x", "b"),
        (os.rename, "a", "b/x"), (os.rename, "a", "none/x"), (os.rename, "d", "d"), (os.rename, "a/", "z"),
        (os.rename, "d/", "z"), (os.rename, "a", "y/"), (os.rename, "z", "d/"), (os.rename, "d/.", "z"),
        (os.rename, "d", "z/.."), (rename2, "a", "b", RENAME_NOREPLACE), (rename2, "a", "a", RENAME_NOREPLACE),
        (rename2, "a", "c", RENAME_NOREPLACE), (os.rename, "c", "a"), (os.rename, "a", LONG),
        (os.rename, LONG, LONG + "n"), (os.rename, LONG, "a"), (os.rename, "a", "b"), (kept, "b"), (os.stat, "a"),
        (os.rename, "b", "d/f"), (kept, "d/f"), (os.rename, "d/f", "b"), (os.listdir, "d"),
    ],
    "directories": [
        (os.mkdir, "d"), (os.mkdir, "d"), (os.mkdir, "d/"), (os.mkdir, "d/."), (os.mkdir, "none/d"), (make, "f"),
        (os.mkdir, "f"), (os.mkdir, "f/d"), (os.rmdir, "f"), (os.unlink, "d"), (os.unlink, "none"),
        (os.rmdir, "none"), (os.rmdir, "d/."), (os.rmdir, "f/d"), (os.mkdir, "d/e"), (os.rmdir, "d"),
        (os.rmdir, "d/e/.."), (os.rmdir, "d/e"), (os.rmdir, "d/"), (os.mkdir, LONG), (os.rmdir, LONG),
        (os.mkdir, LONG + "n"), (os.mkdir, ""), (os.listdir, "f"), (os.mkdir, "m", 0o1777), (mode, "m"),
        (os.chmod, "m", 0o7777), (mode, "m"), (os.mkdir, "m/n"), (mode, "m/n"), (open_close, "m", os.O_WRONLY),
        (open_close, "m", os.O_RDONLY | os.O_CREAT), (open_close, "m", os.O_RDONLY | os.O_TRUNC),
        (os.truncate, "m", 0), (os.truncate, "none", 0),
    ],
    "files": [
        (make, "f"), (make, "f/g"), (open_close, "none", os.O_RDONLY), (open_close, "f/", os.O_RDONLY),
        (open_close, "f", os.O_WRONLY | os.O_CREAT | os.O_EXCL), (open_close, "f", os.O_RDONLY | os.O_DIRECTORY),
        (open_close, LONG + "n", os.O_WRONLY | os.O_CREAT), (open_close, "n/" * 2100, os.O_RDONLY),
        (os.truncate, "f", -1), (os.truncate, "f", 2), (kept, "f"), (os.truncate, "f", 5), (kept, "f"),
        (os.truncate, "f/g", 0), (with_file, "f", os.O_RDONLY, lambda file: os.ftruncate(file, 0)),
        (with_file, "f", os.O_RDONLY, lambda file: os.write(file, b"x")),
        (with_file, "f", os.O_WRONLY, lambda file: os.read(file, 1)),
        (with_file, "f", os.O_RDWR, lambda file: os.pwrite(file, b"x", -1)),
        (with_file, "f", os.O_RDWR, lambda file: os.lseek(file, 100, os.SEEK_DATA)),
        (with_file, "f", os.O_RDWR, lambda file: os.lseek(file, -1, os.SEEK_HOLE)),
        (with_file, "f", os.O_RDWR, lambda file: os.lseek(file, 0, os.SEEK_HOLE)),
        (with_file, "f", os.O_RDWR, lambda file: os.lseek(file, 0, os.SEEK_DATA)),
        (with_file, "f", os.O_RDWR | os.O_APPEND, lambda file: (os.pwrite(file, b"x", 0), os.fstat(file).st_size)),
        (kept, "f"), (os.chmod, "f", 0o4755), (mode, "f"), (os.chmod, "none", 0), (os.chmod, "f/g", 0),
        (os.utime, "f", (1, 2)), (lambda: (os.stat("f").st_atime, os.stat("f").st_mtime),),
        (os.utime, "none"), (os.getxattr, "f", "user.none"), (os.setxattr, "f", "user.a", b"1", os.XATTR_REPLACE),
        (os.setxattr, "f", "user.a", b"1", os.XATTR_CREATE), (os.setxattr, "f", "user.a", b"2", os.XATTR_CREATE),
        (os.getxattr, "f", "user.a"), (os.removexattr, "f", "user.b"), (os.removexattr, "f", "user.a"),
        (os.listxattr, "f"), (lambda: with_file("f", os.O_RDONLY, lambda file: (os.unlink("f"), os.fstat(file).st_nlink)),),
        (os.stat, "f"), (os.access, "none", os.F_OK),
    ],
}

def outcome(call, arguments):
    try:
        value = call(*arguments)
        return value if isinstance(value, (int, str, bytes, tuple, list)) else "ok"
    except OSError as error:
        return errno.errorcode[error.errno]

os.umask(0o022)
failed = False
for name, rows in ROWS.items():
    results = []
    for place in sys.argv[1:3]:
        os.mkdir("%s/%s" % (place, name))
        os.chdir("%s/%s" % (place, name))
        results.append([outcome(call, arguments) for call, *arguments in rows])
    for row, got, wanted in zip(rows, *results):
        if got != wanted:
            failed = True
            words = " ".join(getattr(word, "__name__", repr(word)[:40]) for word in row)
            print("%s: %s: %s in place of %s" % (name, words, got, wanted))
sys.exit(failed)
