"""The processes that make the system calls: descriptors belong to processes, and the effect of a close depends on its
process.

Each line of input is a command, `WORKER COMMAND WORD…`; its answer is text that ends with a zero byte. Workers 0 to 2 act;
worker 0 is there from the beginning, the others are forks. Worker 3 only looks. The answer for a worker that does not
answer within TIMEOUT seconds is `HANG`.
"""

import ctypes, errno, hashlib, json, mmap, os, select, signal, sys, time

mount, store = sys.argv[1:3]
COUNT, TIMEOUT = 4, 20
pipes = [(os.pipe(), os.pipe()) for _ in range(COUNT)]
slots, held = {}, None
libc = ctypes.CDLL(None, use_errno=True)
signal.signal(signal.SIGCHLD, signal.SIG_IGN)

def pattern(count, tag):
    block = bytes((tag * 37 + i * i + i) % 251 for i in range(251))
    return (block * (count // 251 + 1))[:count]

def short(data):
    return "%d %s" % (len(data), hashlib.sha256(data).hexdigest()[:16])

def inside(path):
    return mount + "/incoming/" + path

def reference(path):
    return mount + "/refs/" + path

MODES = {
    "new": os.O_WRONLY | os.O_CREAT | os.O_TRUNC, "keep": os.O_RDWR | os.O_CREAT,
    "only": os.O_WRONLY | os.O_CREAT | os.O_EXCL, "append": os.O_RDWR | os.O_CREAT | os.O_APPEND,
    "read": os.O_RDONLY, "both": os.O_RDWR, "cut": os.O_RDWR | os.O_TRUNC,
}

def tag(path, text):
    said = []
    try:
        file = os.open(reference(path), MODES["new"], 0o644)
    except OSError as error:
        return "open " + errno.errorcode[error.errno]
    for name, call in (("write", lambda: text and os.write(file, text)), ("close", lambda: os.close(file))):
        try:
            call()
        except OSError as error:
            said.append(name + " " + errno.errorcode[error.errno])
    return " ".join(said) or "ok"

# Python's own mapping keeps a copy of the descriptor, so that no close is the last.
class Mapping:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p

    def __init__(self, slot, writable):
        self.size = os.fstat(slots[slot]).st_size
        access = mmap.PROT_READ | (mmap.PROT_WRITE if writable else 0)
        self.start = self.libc.mmap(
            None, ctypes.c_size_t(self.size), access, mmap.MAP_SHARED, slots[slot], ctypes.c_long(0))
        if self.start == ctypes.c_void_p(-1).value:
            raise OSError(ctypes.get_errno(), "mmap")

    def get(self, offset, count):
        return ctypes.string_at(self.start + offset, max(0, min(count, self.size - offset)))

    def put(self, offset, data):
        if offset + len(data) > self.size:
            raise ValueError("the mapping has %d bytes" % self.size)
        ctypes.memmove(self.start + offset, data, len(data))

    def flush(self):
        if self.libc.msync(ctypes.c_void_p(self.start), ctypes.c_size_t(self.size), 4):
            raise OSError(ctypes.get_errno(), "msync")

    def close(self):
        self.libc.munmap(ctypes.c_void_p(self.start), ctypes.c_size_t(self.size))

def without_holes(file):
    """The content, of which only what SEEK_DATA finds is read."""
    position, size, end, found = os.lseek(file, 0, os.SEEK_CUR), os.fstat(file).st_size, 0, bytearray()
    while end < size:
        try:
            start = os.lseek(file, end, os.SEEK_DATA)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            break
        end = os.lseek(file, start, os.SEEK_HOLE)
        found += bytes(start - len(found)) + os.pread(file, end - start, start)
    os.lseek(file, position, os.SEEK_SET)
    return bytes(found) + bytes(size - len(found))

def act(verb, words):
    global held
    number = lambda i: int(words[i])
    slot = words[0] if words else ""
    if verb == "open":
        slots[slot] = os.open(inside(words[1]), MODES[words[2]], 0o644)
    elif verb == "write":
        return "ok %d" % os.write(slots[slot], pattern(number(1), number(2)))
    elif verb == "pwrite":
        return "ok %d" % os.pwrite(slots[slot], pattern(number(2), number(3)), number(1))
    elif verb == "read":
        return "ok " + short(os.read(slots[slot], number(1)))
    elif verb == "pread":
        return "ok " + short(os.pread(slots[slot], number(2), number(1)))
    elif verb == "seek":
        os.lseek(slots[slot], number(1), os.SEEK_SET)
    elif verb == "holes":
        return "ok " + short(without_holes(slots[slot]))
    elif verb == "copy":
        done, wanted = 0, number(4)
        while done < wanted:
            count = os.copy_file_range(
                slots[slot], slots[words[1]], wanted - done, number(2) + done, number(3) + done)
            if count == 0:
                break
            done += count
        return "ok %d" % done
    elif verb == "ftruncate":
        os.ftruncate(slots[slot], number(1))
    elif verb == "truncate":
        os.truncate(inside(slot), number(1))
    elif verb == "dup":
        slots[words[1]] = os.dup(slots[slot])
    elif verb == "close":
        os.close(slots.pop(slot))
    elif verb == "allocate":
        if libc.fallocate(slots[slot], number(1), ctypes.c_long(0), ctypes.c_long(5000)):
            raise OSError(ctypes.get_errno(), "fallocate")
    elif verb == "fsync":
        os.fsync(slots[slot])
    elif verb == "rename":
        os.rename(inside(slot), inside(words[1]))
    elif verb == "unlink":
        os.unlink(inside(slot))
    elif verb == "mkdir":
        os.mkdir(inside(slot))
    elif verb == "rmdir":
        os.rmdir(inside(slot))
    elif verb == "tag":
        return tag(slot, words[1].encode().decode("unicode_escape").encode() if len(words) > 1 else b"")
    elif verb == "retag":
        os.rename(reference(slot), reference(words[1]))
    elif verb == "untag":
        os.unlink(reference(slot))
    elif verb == "mkref":
        os.mkdir(reference(slot))
    elif verb == "rmref":
        os.rmdir(reference(slot))
    elif verb == "delete":
        os.unlink(mount + "/blobs/sha256/" + slot)
        # Changes by another process show within a second.
        time.sleep(1)
    elif verb == "mread":
        view = Mapping(slot, False)
        said = "ok " + short(view.get(number(1), number(2)))
        view.close()
        return said
    elif verb == "mstore":
        view = Mapping(slot, True)
        view.put(number(1), pattern(number(2), number(3)))
        view.close()
    elif verb == "mhold":
        held = Mapping(slot, True)
    elif verb == "mput":
        held.put(number(0), pattern(number(1), number(2)))
        held.flush()
    elif verb == "mdrop":
        held.close()
        held = None
    elif verb == "look":
        return "\n".join(sorted(look()))
    else:
        return "BROKEN: no such command " + verb
    return "ok"

def look():
    top = mount + "/incoming"
    for folder, folders, files in os.walk(top, onerror=fail):
        at = lambda name: os.path.relpath(folder + "/" + name, top)
        yield from ("dir " + at(name) for name in folders)
        for name in files:
            path = folder + "/" + name
            size = os.stat(path).st_size
            with open(path, "rb") as file:
                content = file.read()
            late = " late" if "user.casfs.error" in os.listxattr(path) else ""
            yield "file %s %d %s%s" % (at(name), size, short(content), late)
    top = mount + "/committed"
    for folder, folders, files in os.walk(top, onerror=fail):
        for name in folders + files:
            path = folder + "/" + name
            at = os.path.relpath(path, top)
            if os.path.islink(path):
                with open(path, "rb") as file:
                    content = file.read()
                link = os.path.realpath(path)
                right = link == mount + "/blobs/sha256/" + hashlib.sha256(content).hexdigest()
                yield "committed %s %s%s" % (at, short(content), "" if right else " leads to " + link)
            else:
                yield "committed dir " + at
    for place, word in ((mount, "blob"), (store, "stored")):
        for name in os.listdir(place + "/blobs/sha256"):
            with open(place + "/blobs/sha256/" + name, "rb") as file:
                content = file.read()
            right = hashlib.sha256(content).hexdigest() == name
            yield "%s %s%s" % (word, short(content), "" if right else " under " + name)
    top = mount + "/refs"
    for folder, folders, files in os.walk(top, onerror=fail):
        at = lambda name: os.path.relpath(folder + "/" + name, top)
        yield from ("ref dir " + at(name) for name in folders)
        for name in files:
            with open(folder + "/" + name) as file:
                value = json.load(file)
            yield "ref %s %s %d %s" % (at(name), value["digest"], value["size"], value["mediaType"])

def fail(error):
    raise error

def serve(own):
    for other in range(COUNT):
        try:
            os.close(pipes[other][0][1])
        except OSError:
            pass
    while True:
        line = os.read(pipes[own][0][0], 65536).decode()
        if not line:
            os._exit(0)
        verb, *words = line.split()
        if verb == "exit":
            os._exit(0)
        if verb == "fork":
            child = os.fork()
            if child == 0:
                own = int(words[0])
                continue
            said = "ok %d" % child
        else:
            try:
                said = act(verb, words)
            except OSError as error:
                said = "EOPNOTSUPP" if error.errno == errno.EOPNOTSUPP else errno.errorcode[error.errno]
                if verb == "look":
                    said += " " + str(error.filename)
            except Exception as error:
                said = "BROKEN: %r" % error
        data = said.encode() + b"\0"
        while data:
            data = data[os.write(pipes[own][1][1], data):]

def start(worker):
    child = os.fork()
    if child == 0:
        serve(worker)
    processes[worker] = (child, os.pidfd_open(child))

def answer(worker):
    said = b""
    while not said.endswith(b"\0"):
        if not select.select([pipes[worker][1][0]], [], [], TIMEOUT)[0]:
            return "HANG"
        said += os.read(pipes[worker][1][0], 65536)
    return said[:-1].decode()

def ended(worker):
    number, descriptor = processes.pop(worker)
    gone = select.select([descriptor], [], [], TIMEOUT)[0]
    os.close(descriptor)
    return "ok" if gone else "HANG"

processes = {}
start(0)
start(3)
for line in sys.stdin:
    worker, command = line.split(" ", 1)
    worker, verb = int(worker), command.split()[0]
    if verb == "kill":
        os.kill(processes[worker][0], signal.SIGKILL)
        said = ended(worker)
    else:
        os.write(pipes[worker][0][1], command.encode())
        said = ended(worker) if verb == "exit" else answer(worker)
    if verb == "fork" and said.startswith("ok"):
        number = int(said.split()[1])
        processes[int(command.split()[1])] = (number, os.pidfd_open(number))
        said = "ok"
    sys.stdout.write(said + "\0")
    sys.stdout.flush()
for number, descriptor in processes.values():
    os.kill(number, signal.SIGKILL)
