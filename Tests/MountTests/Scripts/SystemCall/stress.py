"""Processes make random calls on one tree below incoming; then the names, links and blobs must agree.

    stress.py MOUNT DIRECTORY SEED SECONDS

The calls of one process can fail because of another process, but only with the errors below.
"""

import ctypes, errno, hashlib, mmap, os, random, stat, sys, time

PROCESSES = 4
EXPECTED = {errno.ENOENT, errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENOTEMPTY, errno.EINVAL, errno.ENODATA}
mount, directory, seed, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
top = "%s/incoming/%s" % (mount, directory)
libc = ctypes.CDLL(None, use_errno=True)

class Worker:
    def __init__(self, number):
        self.random = random.Random(seed * PROCESSES + number)
        self.count = 0

    def path(self):
        names = [self.random.choice("abc") for _ in range(self.random.randint(1, 3))]
        return "/".join([top] + names)

    def data(self):
        return self.random.randbytes(self.random.choice([0, 1, 100, 5000, 200_000]))

    def refused(self, call, *arguments, error=errno.EPERM):
        try:
            call(*arguments)
        except OSError as problem:
            if problem.errno != error:
                raise
            return
        raise AssertionError("%s succeeded" % call.__name__)

    def write(self):
        flags = self.random.choice([os.O_TRUNC, os.O_EXCL, os.O_APPEND, 0])
        file = os.open(self.path(), os.O_RDWR | os.O_CREAT | flags, 0o644)
        try:
            for _ in range(self.random.randint(0, 3)):
                self.random.choice([self.append, self.overwrite, self.cut, self.map, os.fsync, self.punch])(file)
        finally:
            os.close(file)

    def append(self, file):
        os.write(file, self.data())

    def overwrite(self, file):
        os.pwrite(file, self.data(), self.random.randrange(300_000))

    def cut(self, file):
        os.ftruncate(file, self.random.randrange(300_000))

    def map(self, file):
        size = os.fstat(file).st_size
        if not size:
            return
        try:
            # Another process can truncate the file, and a load beyond the end is a signal: nothing is read.
            with mmap.mmap(file, size, access=mmap.ACCESS_READ) as view:
                view.flush()
        except ValueError:
            pass  # Python compares the sizes, and another process has truncated the file since.

    def punch(self, file):
        if libc.fallocate(file, 3, ctypes.c_long(0), ctypes.c_long(4096)) == 0:
            raise AssertionError("fallocate(2) succeeded")
        if ctypes.get_errno() != errno.EOPNOTSUPP:
            raise OSError(ctypes.get_errno(), "fallocate")

    def read(self):
        with open(self.path(), "rb") as file:
            file.read()

    def attributes(self):
        path = self.path()
        self.random.choice([
            lambda: os.chmod(path, self.random.choice([0o600, 0o644, 0o755])), lambda: os.utime(path, (1, 2)),
            lambda: os.setxattr(path, "user.a", b"1"), lambda: os.removexattr(path, "user.a"),
            lambda: os.truncate(path, self.random.randrange(100_000)), lambda: os.stat(path),
            lambda: os.getxattr(path, "user.casfs.digest")])()

    def special(self):
        path = self.path()
        self.random.choice([
            lambda: self.refused(os.symlink, "x", path), lambda: self.refused(os.mkfifo, path),
            lambda: self.refused(os.link, self.path(), path)])()

    def step(self):
        call = self.random.choices(
            [self.write, self.read, self.attributes, self.special, lambda: os.mkdir(self.path()),
             lambda: os.rename(self.path(), self.path()), lambda: os.unlink(self.path()),
             lambda: os.rmdir(self.path()), lambda: os.listdir(self.path())], [8, 4, 4, 1, 4, 3, 2, 2, 2])[0]
        try:
            call()
        except OSError as error:
            if error.errno not in EXPECTED:
                raise
        self.count += 1

def check():
    """Compares incoming, committed and the blobs."""
    for folder, folders, names in os.walk(top):
        shown = folder.replace("/incoming/", "/committed/", 1)
        assert sorted(os.listdir(shown)) == sorted(folders + names), folder
        for name in names:
            with open("%s/%s" % (folder, name), "rb") as file:
                digest = hashlib.sha256(file.read()).hexdigest()
            link = os.readlink("%s/%s" % (shown, name))
            assert link.endswith("/blobs/sha256/" + digest), (folder, name, link)
            assert stat.S_ISREG(os.stat("%s/blobs/sha256/%s" % (mount, digest)).st_mode)

end = time.monotonic() + seconds
children = []
for number in range(PROCESSES):
    child = os.fork()
    if child == 0:
        worker = Worker(number)
        try:
            while time.monotonic() < end:
                worker.step()
        except BaseException as error:
            print("worker %d of seed %d, call %d: %r" % (number, seed, worker.count, error), file=sys.stderr)
            os._exit(1)
        os._exit(0)
    children.append(child)
failed = [child for child in children if os.waitpid(child, 0)[1]]
if failed:
    sys.exit(1)
check()
print("seed %d: %d names" % (seed, sum(len(files) for _, _, files in os.walk(top))))
