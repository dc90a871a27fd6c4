"""The results that POSIX and Linux give to system calls on files, one row each, made in an empty directory."""

import ctypes, errno, mmap, os, socket, subprocess

LONG = "n" * 255
USER, OTHER = 12345, 12346
RENAME_NOREPLACE, RENAME_EXCHANGE = 1, 2
AT_FDCWD = -100
RDONLY, WRONLY, RDWR = os.O_RDONLY, os.O_WRONLY, os.O_RDWR
CREAT, EXCL, TRUNC, APPEND = os.O_CREAT, os.O_EXCL, os.O_TRUNC, os.O_APPEND
libc = ctypes.CDLL(None, use_errno=True)
# The content that `make` writes: in refs, a descriptor or the digest of a stored blob.
content = b"0123456789"

def called(result, name):
    if result < 0:
        raise OSError(ctypes.get_errno(), name)

def make(name, mode=0o644):
    file = os.open(name, WRONLY | CREAT | TRUNC, mode)
    try:
        os.write(file, content)
    finally:
        os.close(file)

def opened(name, flags, mode=0o666):
    os.close(os.open(name, flags, mode))

def through(name, flags, *actions):
    """The result of the last action on a descriptor; the file is closed before that counts."""
    file = os.open(name, flags, 0o644)
    try:
        results = [action(file) for action in actions]
    finally:
        os.close(file)
    return results[-1]

def read(name):
    with open(name, "rb") as file:
        return file.read().replace(b"\0", b".").decode()

def mode(name):
    return "%o" % (os.stat(name).st_mode & 0o7777)

def owner(name):
    found = os.stat(name)
    return "%d %d" % (found.st_uid, found.st_gid)

def rename2(old, new, flags):
    called(libc.renameat2(AT_FDCWD, old.encode(), AT_FDCWD, new.encode(), flags), "renameat2")

def fallocate(file, how, offset, length):
    called(libc.fallocate(file, how, ctypes.c_long(offset), ctypes.c_long(length)), "fallocate")

def mknod(name, kind):
    os.mknod(name, kind | 0o644, os.makedev(1, 3))

def bind(name):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(name)

def utimens(name, seconds, access, change):
    """utimensat(2) with UTIME_NOW or UTIME_OMIT in place of nanoseconds."""
    times = (ctypes.c_long * 4)(seconds, access, seconds, change)
    called(libc.utimensat(AT_FDCWD, name.encode(), times, 0), "utimensat")

def by(user, action, groups=()):
    """The action by another user, without the capabilities of root."""
    os.setgroups(groups)
    os.setegid(user)
    os.seteuid(user)
    try:
        return action()
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups([])

def time_of(name):
    return os.stat(name).st_mtime_ns

def changes(name, action):
    """Whether the action changes the modification time of a file or directory, which is an old one before."""
    os.utime(name, (1, 1))
    action()
    return time_of(name) != 10 ** 9

def changes_status(name, action):
    """Whether the action, repeated until the clock of the file system has moved, changes the status change time."""
    before = os.stat(name).st_ctime_ns
    for _ in range(100_000):
        action()
        if os.stat(name).st_ctime_ns != before:
            return True
    return False

def mapped(name, flags, access, action):
    with open(os.open(name, flags), "rb", buffering=0) as file:
        with mmap.mmap(file.fileno(), 0, access=access) as view:
            return action(view)

def put(view, offset, data):
    view[offset:offset + len(data)] = data
    view.flush()

def executing(name, action):
    """The action while a program that was copied to the name runs."""
    with open("/usr/bin/cat", "rb") as source, open(name, "wb") as target:
        target.write(source.read())
    os.chmod(name, 0o755)
    with subprocess.Popen(["./" + name], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            process.stdin.write(b"x")
            process.stdin.flush()
            process.stdout.read(1)
            return action()
        finally:
            process.stdin.close()

def ran(name):
    return subprocess.run(["./" + name], stdin=subprocess.DEVNULL).returncode

def writing_while_run(name):
    with open("/usr/bin/true", "rb") as source, open(name, "wb") as target:
        target.write(source.read())
    os.chmod(name, 0o755)
    return through(name, WRONLY, lambda file: ran(name))

def locked(name, lock):
    """A second process's attempt to lock a file that this one has locked."""
    with open(name, "r+b") as file:
        lock(file)
        child = os.fork()
        if child == 0:
            try:
                with open(name, "r+b") as again:
                    lock(again)
                os._exit(0)
            except OSError as error:
                os._exit(error.errno)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status:
            raise OSError(status, "lock")

def removed_directory(action):
    os.mkdir("gone")
    directory = os.open("gone", RDONLY)
    try:
        os.rmdir("gone")
        return action(directory)
    finally:
        os.close(directory)

def replaced_while_open():
    make("f")
    make("g")
    whole = read("f")
    with open("f", "rb") as file:
        os.rename("g", "f")
        return os.pread(file.fileno(), 1000, 0) == whole.encode()

def renamed_while_open(flags):
    def rest(file):
        os.write(file, content[:5])
        os.rename("f", "g")
        os.write(file, content[5:])
    through("f", flags, rest)
    with open("g", "rb") as file:
        return file.read() == content and not os.path.exists("f")

def unlinked(action, flags=RDWR):
    make("f")
    return through("f", flags, lambda file: os.unlink("f"), action)

def listed(path):
    with os.scandir(path) as entries:
        return " ".join(sorted(
            entry.name + ("/" if entry.is_dir(follow_symlinks=False) else "") for entry in entries))

def name_of(error):
    return "EOPNOTSUPP" if error.errno == errno.EOPNOTSUPP else errno.errorcode[error.errno]

class Row:
    """A call, prepared by `before`, and its result: an error, a value, or `ok`."""

    def __init__(self, title, result, call, *before, refs=None, **exceptions):
        self.title, self.result, self.call, self.before = title, result, call, before
        # Whether it makes sense in refs too, and the results that differ by design, by place.
        self.everywhere = refs is not False
        self.exceptions = dict(exceptions, **({"refs": refs} if refs else {}))

    def at(self, place):
        return self.exceptions.get(place, self.result)

    def outcome(self):
        for call, *arguments in self.before:
            try:
                call(*arguments)
            except OSError as error:
                return "%s: %s" % (call.__name__, name_of(error))
        return outcome(self.call)

def outcome(call):
    try:
        value = call()
        return "ok" if value is None else str(value)
    except OSError as error:
        return name_of(error)
