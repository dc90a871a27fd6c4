"""Uses a mount in many ways while its server is killed at random moments; checks what callers see, and what is stored.

    soak.py MOUNT STORE KEEPER SEED SECONDS [LOSSY]

With LOSSY a call that a killed server had read, and no other, fails with ECONNABORTED (S7).
"""
import ctypes, errno, fcntl, hashlib, io, json, mmap, multiprocessing, os, queue, random, signal, stat, sys, tarfile, time

mount, store = sys.argv[1:3]
keeper, seed, seconds = int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])
lost = (errno.ECONNABORTED,) if sys.argv[6:] else ()
blobs = f"{mount}/blobs/sha256"
end = time.monotonic() + seconds
libc = ctypes.CDLL(None, use_errno=True)
MANIFEST, LAYER = "application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.layer.v1.tar"
CONFIG, REFERENCE = "application/vnd.oci.image.config.v1+json", "org.opencontainers.image.ref.name"


def describe(content, media_type):
    return {"mediaType": media_type, "digest": "sha256:" + hashlib.sha256(content).hexdigest(), "size": len(content)}


def put(content, name):
    with open(f"{mount}/incoming/{name}", "wb") as file:
        file.write(content)
    return hashlib.sha256(content).hexdigest()


def prepare():
    """Stores blobs, an image of many files, and an index of many names; returns what readers compare with."""
    source = random.Random(seed)
    content = {put(text, f"kept-{len(text)}"): text for text in (source.randbytes(2_000_000), source.randbytes(5000))}
    for number in range(100):
        put(b"%d\n" % number, f"many-{number}")
    files = {f"many/{number:04}": source.randbytes(source.randrange(1, 3000)) for number in range(700)}
    files["large"] = source.randbytes(3_000_000)
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text))
    layer = layer.getvalue()
    config = json.dumps(
        {"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": ["sha256:" + put(layer, "layer")]}}
    ).encode()
    put(config, "config")
    image = json.dumps(
        {"schemaVersion": 2, "mediaType": MANIFEST, "config": describe(config, CONFIG), "layers": [describe(layer, LAYER)]}
    ).encode()
    put(image, "image")
    names = [f"stable/{number:03}" for number in range(300)]
    index = json.load(open(f"{mount}/index.json"))
    index["manifests"] = [describe(image, MANIFEST) | {"annotations": {REFERENCE: name}} for name in names + ["image"]]
    with open(f"{mount}/index.json", "w") as file:
        json.dump(index, file)
    return content, files


class Worker:
    """One process that uses the mount until the end."""

    def __init__(self, kind, number):
        self.kind, self.number, self.source = kind, number, random.Random(seed * 1000 + number)
        self.failures, self.counts, self.acknowledged, self.tags = [], {}, [], {}
        self.longest, self.late = (0.0, ""), 0
        # The number of calls that have ended, which the process that kills servers reads.
        self.ended = multiprocessing.Value("Q", 0, lock=False)

    def count(self, name):
        self.counts[name] = self.counts.get(name, 0) + 1

    def timed(self, call, *arguments, **named):
        begin = time.monotonic()
        try:
            return call(*arguments, **named)
        finally:
            self.ended.value += 1
            took = time.monotonic() - begin
            self.longest = max(self.longest, (took, getattr(call, "__name__", str(call))))
            self.late += took > 0.2

    def fail(self, what, error):
        if len(self.failures) < 30:
            self.failures.append(f"{self.kind.__name__}: {what}: {error!r}")

    def allow(self, what, errors, call, *arguments, **named):
        """Returns whether the call succeeded, which it may miss with the given errors only."""
        try:
            self.timed(call, *arguments, **named)
            return True
        except OSError as error:
            if error.errno in errors + lost:
                self.count(f"{what} {errno.errorcode[error.errno]}")
            else:
                self.fail(what, error)
            return False


def is_named(path):
    """Returns whether the path leads to something. Any error but ENOENT is raised, unlike by os.path.exists."""
    try:
        os.lstat(path)
        return True
    except FileNotFoundError:
        return False


def read_range(worker, file, text, size=65536):
    start = worker.source.randrange(len(text))
    if worker.source.random() < 0.3:
        # Pages that the kernel has not cached.
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    assert worker.timed(os.pread, file, size, start) == text[start : start + size], "content"


def read_blobs(worker):
    held = {name: os.open(f"{blobs}/{name}", os.O_RDONLY) for name in content}
    mappings = {name: mmap.mmap(file, 0, prot=mmap.PROT_READ) for name, file in held.items()}
    while True:
        name = worker.source.choice(list(content))
        file = worker.timed(os.open, f"{blobs}/{name}", os.O_RDONLY)
        try:
            assert worker.timed(os.fstat, file).st_size == len(content[name]), "size"
            read_range(worker, file, content[name])
            read_range(worker, held[name], content[name], 4096)
            start = worker.source.randrange(len(content[name]))
            assert mappings[name][start : start + 100] == content[name][start : start + 100], "mapping"
            assert worker.timed(os.getxattr, file, "user.casfs.digest") == f"sha256:{name}".encode(), "attribute"
        finally:
            worker.timed(os.close, file)
        worker.timed(os.stat, f"{blobs}/{name}")
        worker.timed(os.statvfs, mount)
        yield


def read_image(worker):
    root = f"{mount}/images/image/rootfs"
    directory = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    held = {name: os.open(name, os.O_RDONLY, dir_fd=directory) for name in ("large", "many/0007")}
    while True:
        name = worker.source.choice(list(files))
        file = worker.timed(os.open, name, os.O_RDONLY, dir_fd=directory)
        try:
            assert worker.timed(os.fstat, file).st_size == len(files[name]), "size"
            read_range(worker, file, files[name])
        finally:
            worker.timed(os.close, file)
        for name, file in held.items():
            read_range(worker, file, files[name])
        assert worker.timed(os.getxattr, f"{root}/{name}", "user.casfs.layer") == b"00", "attribute"
        assert worker.timed(os.readlink, f"{mount}/images/image/layers/00").startswith("../"), "link"
        yield


def entries(worker, directory, size, pause):
    """Returns the names of an open directory, read in pieces of a size with pauses."""
    os.lseek(directory, 0, os.SEEK_SET)
    names, buffer = [], ctypes.create_string_buffer(size)
    while True:
        length = worker.timed(libc.syscall, 217, directory, buffer, size)
        if length < 0:
            raise OSError(ctypes.get_errno(), "getdents64")
        if length == 0:
            return names
        at = 0
        while at < length:
            step = int.from_bytes(buffer.raw[at + 16 : at + 18], "little")
            name = buffer.raw[at + 19 : at + step].split(b"\0")[0].decode()
            at += step
            if name not in (".", ".."):
                names.append(name)
        if pause:
            time.sleep(pause)


def list_directories(worker):
    expected = {
        f"{mount}/refs/stable": [f"{number:03}" for number in range(300)],
        f"{mount}/images/stable": [f"{number:03}" for number in range(300)],
        f"{mount}/images/image/rootfs/many": [f"{number:04}" for number in range(700)],
    }
    held = {path: os.open(path, os.O_RDONLY) for path in expected}
    while True:
        for path, names in expected.items():
            size, pause = worker.source.choice((400, 4096, 32768)), worker.source.choice((0, 0, 0.005))
            if worker.source.random() < 0.5:
                directory = worker.timed(os.open, path, os.O_RDONLY)
            else:
                directory = os.dup(held[path])
            try:
                seen = entries(worker, directory, size, pause)
                assert sorted(seen) == names, f"{path}: {len(seen)} names, {len(set(seen))} of {len(names)}"
            finally:
                worker.timed(os.close, directory)
            yield


def list_changing(worker):
    """Lists directories that writers change. A name can be missed if another was removed behind which a listing goes on."""
    while True:
        for path in (blobs, f"{mount}/incoming", f"{mount}/committed", f"{mount}/refs"):
            directory = worker.timed(os.open, path, os.O_RDONLY)
            try:
                seen = entries(worker, directory, 4096, worker.source.choice((0, 0.002)))
            finally:
                worker.timed(os.close, directory)
            kept = {blobs: set(content), f"{mount}/refs": {"stable", "image"}}.get(path, {f"many-{n}" for n in range(100)})
            is_whole = kept <= set(seen) and len(seen) == len(set(seen))
            assert is_whole or path != blobs, f"{len(seen)} names, {len(set(seen))} different ones"
            worker.count("whole listing" if is_whole else "other listing")
            yield


def read_index(worker):
    held = os.open(f"{mount}/refs/stable/000", os.O_RDONLY)
    text = os.pread(held, 4096, 0)
    while True:
        assert worker.timed(os.pread, held, 4096, 0) == text, "held reference"
        name = f"{mount}/refs/stable/{worker.source.randrange(300):03}"
        assert worker.timed(open(name, "rb").read) == text, "reference"
        if worker.allow("read index", (errno.EIO,), lambda: json.load(open(f"{mount}/index.json"))):
            worker.count("index read")
        assert worker.timed(is_named, f"{mount}/oci-layout"), "layout"
        assert worker.timed(os.stat, f"{mount}/incoming/many-7").st_size == 2, "alias"
        yield


def lock_files(worker):
    path = f"{blobs}/{next(iter(content))}"
    first, second = os.open(path, os.O_RDONLY), os.open(path, os.O_RDONLY)
    fcntl.flock(first, fcntl.LOCK_EX)
    while True:
        try:
            worker.timed(fcntl.flock, second, fcntl.LOCK_EX | fcntl.LOCK_NB)
            raise AssertionError("two locks")
        except BlockingIOError:
            pass
        yield


def write_file(worker, what, path, text, flags=os.O_CREAT | os.O_WRONLY | os.O_TRUNC):
    """Returns whether the file is closed without an error; writes and closes fail with EIO alone."""
    try:
        file = worker.timed(os.open, path, flags)
    except OSError as error:
        if error.errno in lost:
            raise
        worker.fail(f"{what}: open", error)
        return False
    written = worker.allow(f"{what} write", (errno.EIO,), os.write, file, text)
    if worker.source.random() < 0.2:
        written &= worker.allow(f"{what} fsync", (errno.EIO,), os.fsync, file)
    closed = worker.allow(f"{what} close", (errno.EIO,), os.close, file)
    if closed and not written:
        worker.fail(what, "closed without an error after a failed write")
    return closed and written


def write_blobs(worker):
    while len(worker.acknowledged) < 3000:
        text = worker.source.randbytes(worker.source.randrange(1, 100000))
        digest = hashlib.sha256(text).hexdigest()
        name = f"{mount}/incoming/{worker.number}-{digest[:16]}"
        if write_file(worker, "blob", name, text):
            worker.acknowledged.append(digest)
            worker.count("stored")
            assert worker.timed(os.getxattr, name, "user.casfs.digest").endswith(digest.encode()), "digest"
            if worker.source.random() < 0.5:
                worker.timed(os.unlink, name)
                assert not worker.timed(is_named, name), "removed"
        yield
    while True:
        # The process that kills servers waits for answers to each worker.
        worker.timed(os.stat, mount)
        time.sleep(0.1)
        yield


def expect_removed(worker, path, may_return):
    """Checks that a name is removed. It returns by an index of a version that the next server does not know (W3)."""
    if worker.timed(is_named, path):
        assert may_return, "removed name"
        worker.count("removed name returned")
        worker.timed(os.unlink, path)


def write_tags(worker):
    number, digest = 0, next(iter(content))
    while True:
        number += 1
        name = f"t{worker.number}-{number % 40}"
        if name not in worker.tags:
            if write_file(worker, "tag", f"{mount}/refs/{name}", f"sha256:{digest}\n".encode()):
                worker.tags[name] = True
                worker.count("tagged")
        elif worker.source.random() < 0.5:
            other, may_return = f"t{worker.number}-moved-{number}", writes_index.value
            del worker.tags[name]
            worker.timed(os.rename, f"{mount}/refs/{name}", f"{mount}/refs/{other}")
            assert worker.timed(is_named, f"{mount}/refs/{other}"), "new name"
            expect_removed(worker, f"{mount}/refs/{name}", may_return)
            worker.timed(os.unlink, f"{mount}/refs/{other}")
            expect_removed(worker, f"{mount}/refs/{other}", may_return)
            worker.count("moved")
        yield


def write_index(worker):
    number, digest = 0, next(iter(content))
    while number < 200:
        number += 1
        name = f"i{worker.number}-{number}"
        try:
            index = json.load(open(f"{mount}/index.json"))
        except OSError as error:
            if error.errno not in (errno.EIO,) + lost:
                worker.fail("read index", error)
            yield
            continue
        index["manifests"].append(describe(content[digest], "application/octet-stream") | {"annotations": {REFERENCE: name}})
        text = json.dumps(index).encode()
        if number % 2:
            stored = write_file(worker, "index", f"{mount}/index.json", text, os.O_WRONLY | os.O_TRUNC)
        else:
            temporary = f"{mount}/index.json.tmp"
            stored = write_file(worker, "temporary index", temporary, text)
            # Temporary files of tools do not outlive the server.
            stored = stored and worker.allow(
                "rename index", (errno.EIO, errno.ENOENT), os.rename, temporary, f"{mount}/index.json")
        if stored:
            worker.tags[name] = True
            worker.count("index written")
        yield
    writes_index.value = False
    while True:
        # The process that kills servers waits for answers to each worker.
        worker.timed(os.stat, mount)
        time.sleep(0.1)
        yield


def write_as_tool(worker):
    number = 0
    while True:
        number += 1
        text = worker.source.randbytes(worker.source.randrange(1, 50000))
        digest = hashlib.sha256(text).hexdigest()
        temporary = f"{mount}/oci-put-blob{worker.number}{number}"
        if write_file(worker, "tool", temporary, text):
            if worker.allow("tool rename", (errno.EIO, errno.ENOENT), os.rename, temporary, f"{blobs}/{digest}"):
                worker.acknowledged.append(digest)
                worker.count("renamed blob")
                assert worker.timed(os.stat, f"{blobs}/{digest}").st_size == len(text), "renamed"
        yield


def change_names(worker):
    """Changes names below incoming, each of which takes place once and without an error."""
    top = f"{mount}/incoming/names-{worker.number}"
    worker.timed(os.mkdir, top)
    text = b"named\n"
    while not write_file(worker, "name", f"{top}/a", text):
        pass
    number = 0
    while True:
        number += 1
        worker.timed(os.mkdir, f"{top}/d")
        worker.timed(os.rename, f"{top}/a", f"{top}/d/b")
        assert not worker.timed(is_named, f"{top}/a"), "old name"
        mode, when = 0o600 + number % 8, 10**9 + number
        worker.timed(os.chmod, f"{top}/d/b", mode)
        worker.timed(os.utime, f"{top}/d/b", (when, when))
        worker.timed(os.setxattr, f"{top}/d/b", "user.n", b"%d" % number)
        worker.timed(os.rename, f"{top}/d", f"{top}/e")
        seen = worker.timed(os.stat, f"{top}/e/b")
        assert (stat.S_IMODE(seen.st_mode), seen.st_mtime, seen.st_size) == (mode, when, len(text)), f"attributes {seen}"
        assert worker.timed(os.getxattr, f"{top}/e/b", "user.n") == b"%d" % number, "attribute"
        if number % 2:
            worker.timed(os.removexattr, f"{top}/e/b", "user.n")
        assert worker.timed(os.readlink, f"{mount}/committed/names-{worker.number}/e/b").startswith("../"), "committed"
        worker.timed(os.rename, f"{top}/e/b", f"{top}/a")
        worker.timed(os.rmdir, f"{top}/e")
        assert worker.timed(os.listdir, top) == ["a"], "names"
        assert worker.timed(open(f"{top}/a", "rb").read) == text, "content"
        worker.count("renamed")
        yield


def run(worker, results):
    failed = 0
    while time.monotonic() < end and failed < 20:
        try:
            for _ in worker.kind(worker):
                worker.count(worker.kind.__name__)
                time.sleep(0.002)
                if time.monotonic() >= end:
                    break
        except (OSError, AssertionError, ValueError) as error:
            if worker.kind is change_names:
                worker.number += 1000
            if isinstance(error, OSError) and error.errno in lost:
                worker.count(f"{worker.kind.__name__} {errno.errorcode[error.errno]}")
                continue
            line = sys.exc_info()[2].tb_next
            worker.fail(f"line {line.tb_lineno if line else 0}", error)
            failed += 1
    results.put((
        worker.kind.__name__, worker.failures, worker.counts, worker.acknowledged, list(worker.tags), worker.longest,
        worker.late))


def servers():
    try:
        return [int(word) for word in open(f"/proc/{keeper}/task/{keeper}/children").read().split()]
    except OSError:
        return []


def usage(process):
    """Returns the anonymous memory in KiB, and the numbers of descriptors and threads."""
    try:
        words = dict(line.split(":", 1) for line in open(f"/proc/{process}/status").read().splitlines())
        return int(words["RssAnon"].split()[0]), len(os.listdir(f"/proc/{process}/fd")), int(words["Threads"])
    except (OSError, KeyError, ValueError):
        return None


def is_ready(process):
    """Whether a server answers: one that begins has one thread. A request over which many are killed is not answered."""
    found = usage(process)
    return found is not None and found[2] > 1


def wait_for_answers(workers):
    """Waits until each worker has had an answer: a request over which eight servers are killed is EIO."""
    before = [worker.ended.value for worker in workers]
    while time.monotonic() < end and any(worker.ended.value == count for worker, count in zip(workers, before)):
        time.sleep(0.01)


def kill_servers(workers, failures):
    """Kills the server at random moments; returns the kills, and samples of the keeper's and the servers' usage."""
    source, kills, samples = random.Random(seed), 0, []
    while time.monotonic() < end - 2:
        time.sleep(source.choice((source.uniform(0.0, 0.05), source.uniform(0.05, 0.5), source.uniform(0.2, 1.0))))
        found = [process for process in servers() if is_ready(process) or source.random() < 0.1]
        if not os.path.exists(f"/proc/{keeper}"):
            failures.append("the keeper has ended")
            break
        for process in found:
            sample = (usage(keeper), usage(process))
            if all(sample):
                samples.append(sample)
            way = source.choice(("KILL", "KILL", "KILL", "STOP"))
            try:
                os.kill(process, getattr(signal, f"SIG{way}"))
                if way == "STOP":
                    time.sleep(source.uniform(0, 0.05))
                    os.kill(process, signal.SIGKILL)
                kills += 1
            except ProcessLookupError:
                pass
            if kills % 4 == 0:
                wait_for_answers(workers)
    return kills, samples


# Whether a process writes index.json.
writes_index = multiprocessing.Value("b", True, lock=False)
content, files = prepare()
end = time.monotonic() + seconds
kinds = [read_blobs, read_image, list_directories, list_changing, read_index, lock_files]
kinds += [write_blobs, write_tags, write_index, write_as_tool, change_names]
results = multiprocessing.Queue()
workers = [Worker(kind, number) for number, kind in enumerate(kinds)]
processes = [multiprocessing.Process(target=run, args=(worker, results), daemon=True) for worker in workers]
for process in processes:
    process.start()
failures, counts, acknowledged, tags, longest, late = [], {}, [], [], {}, 0
kills, samples = kill_servers(workers, failures)
pending = {kind.__name__ for kind in kinds}
limit = time.monotonic() + 30
while pending and time.monotonic() < limit:
    try:
        name, failed, counted, stored, tagged, slowest, slow = results.get(timeout=1)
    except queue.Empty:
        continue
    pending.discard(name)
    failures += failed
    acknowledged += stored
    tags += tagged
    longest[name] = slowest
    late += slow
    for key, value in counted.items():
        counts[key] = counts.get(key, 0) + value
failures += [f"{name} hangs" for name in pending]
aborted = sum(count for name, count in counts.items() if name.endswith("ECONNABORTED"))
if aborted > kills * len(workers):
    failures.append(f"{aborted} calls were aborted by {kills} kills of {len(workers)} callers")
for digest in acknowledged:
    if not os.path.exists(f"{store}/blobs/sha256/{digest}"):
        failures.append(f"{digest} was acknowledged and is lost")
for name in os.listdir(f"{store}/blobs/sha256"):
    if hashlib.sha256(open(f"{store}/blobs/sha256/{name}", "rb").read()).hexdigest() != name:
        failures.append(f"{name} has other content")
named = {entry.get("annotations", {}).get(REFERENCE) for entry in json.load(open(f"{store}/index.json"))["manifests"]}
failures += [f"{name} was acknowledged and has no entry" for name in tags if name not in named]


def trend(values):
    quarter = max(1, len(values) // 4)
    return f"{sorted(values[:quarter])[quarter // 2]}→{sorted(values[-quarter:])[quarter // 2]}"


print(f"seed {seed}: {kills} kills, {len(acknowledged)} blobs and {len(tags)} names acknowledged")
print(dict(sorted(counts.items())))
print("longest", {name: f"{took * 1000:.0f} ms {what}" for name, (took, what) in sorted(longest.items())}, f"{late} beyond 200 ms")
if samples:
    print("keeper KiB", trend([a[0] for a, _ in samples]), "descriptors", trend([a[1] for a, _ in samples]), end="; ")
    print("server KiB", trend([b[0] for _, b in samples]), "descriptors", trend([b[1] for _, b in samples]))
if failures:
    print("\n".join(failures[:40]), f"\n{len(failures)} failures", file=sys.stderr)
sys.stdout.flush()
os._exit(1 if failures else 0)
