"""Files of all kinds that are open while the program of the server is replaced: no call fails, all content is right."""
import hashlib, json, mmap, os, random, subprocess, sys, threading, time

mount, store, casfs, rounds, big, small, gone = sys.argv[1:]
rounds = int(rounds)
blobs, incoming = f"{mount}/blobs/sha256", f"{mount}/incoming"
chance = random.Random(7)


def digest(content): return hashlib.sha256(content).hexdigest()


def read(path):
    with open(path, "rb") as file: return file.read()


def command(*words): return subprocess.run([casfs, *words], check=True, stdout=subprocess.PIPE).stdout.decode()


def reload():
    version = command("reload", mount)
    assert version.startswith("casfs ") and version.endswith("\n"), version


class Writer:
    """A file below incoming that gets a piece between two reloads."""

    def __init__(self, number):
        self.number, self.name, self.content = number, f"w{number}", bytearray()
        self.file = os.open(f"{incoming}/{self.name}", os.O_RDWR | os.O_CREAT, 0o640)
        os.setxattr(self.file, "user.number", b"%d" % number)

    def step(self, round):
        piece = chance.randbytes(chance.choice([1, 100, 5000, 200000]))
        # In order, with holes, over what is there, and at a far offset.
        start = [len(self.content), len(self.content) + 300000, len(self.content) // 2, 1 << 20][self.number % 4]
        if start > len(self.content): self.content += bytes(start - len(self.content))
        self.content[start:start + len(piece)] = piece
        assert os.pwrite(self.file, piece, start) == len(piece)
        if self.number % 5 == 0: os.fsync(self.file)
        if self.number % 7 == 0 and round % 3 == 2:
            del self.content[len(self.content) // 2:]
            os.ftruncate(self.file, len(self.content))

    def check(self):
        assert os.fstat(self.file).st_size == len(self.content)
        assert os.stat(f"{incoming}/{self.name}").st_ino == os.fstat(self.file).st_ino
        at = chance.randrange(len(self.content))
        assert os.pread(self.file, 100, at) == self.content[at:at + 100]
        number = os.getxattr(self.file, "user.number")
        assert number == b"%d" % self.number, (number, self.number)

    def close(self):
        os.close(self.file)
        link = os.readlink(f"{mount}/committed/{self.name}")
        assert link.endswith(digest(self.content)), self.name
        assert read(f"{incoming}/{self.name}") == self.content


class Load(threading.Thread):
    """Calls that run while programs are replaced."""
    ended = False
    failures = []

    def __init__(self, body):
        super().__init__(daemon=True)
        self.body, self.count = body, 0

    def run(self):
        try:
            while not Load.ended:
                self.body(self.count)
                self.count += 1
        except BaseException as error:
            Load.failures.append(repr(error))


def read_blob(count):
    name = (big, small)[count % 2]
    assert digest(read(f"{blobs}/{name}")) == name
    assert os.stat(f"{mount}/refs/dir/small").st_size > 0


def write_blob(count):
    content, name = b"load %d" % count, f"{incoming}/load{count % 10}"
    with open(name, "wb") as file: file.write(content)
    assert read(f"{blobs}/{digest(content)}") == content
    if count % 10 == 9: os.unlink(name)


def list_names(count):
    assert len(os.listdir(f"{mount}/refs/dir")) >= 3
    assert read(f"{mount}/index.json").startswith(b"{")


# Readers.
files = {name: os.open(f"{blobs}/{name}", os.O_RDONLY) for name in (big, small, gone)}
content = {name: read(f"{blobs}/{name}") for name in files}
mapping = mmap.mmap(files[big], 0, prot=mmap.PROT_READ)
reference = os.open(f"{mount}/refs/dir/tagged", os.O_RDONLY)
text = os.pread(reference, 4096, 0)
index = os.open(f"{mount}/index.json", os.O_RDONLY)
served = os.read(index, 1 << 20)
os.mkdir(f"{incoming}/many")
for number in range(1500): os.close(os.open(f"{incoming}/many/{number:04}", os.O_WRONLY | os.O_CREAT))
os.mkdir(f"{incoming}/cwd"); os.chdir(f"{incoming}/cwd")

# Writers.
writers = [Writer(number) for number in range(20)]
promise = b"promised" * 1000
promised = os.open(f"{blobs}/{digest(promise)}", os.O_WRONLY | os.O_CREAT | os.O_EXCL)
os.write(promised, promise[:4000])
scratch_name, scratch_content = f"{mount}/oci-put-blob17", b"scratch" * 999
scratch = os.open(scratch_name, os.O_RDWR | os.O_CREAT | os.O_EXCL)
os.write(scratch, scratch_content[:3000])
os.mkdir(f"{mount}/.umoci-17"); nested = os.open(f"{mount}/.umoci-17/file", os.O_RDWR | os.O_CREAT)
os.write(nested, b"nested")
with open(f"{incoming}/again", "wb") as file: file.write(b"before")
again = os.open(f"{incoming}/again", os.O_WRONLY | os.O_TRUNC); os.write(again, b"af")
unlinked = os.open(f"{incoming}/unlinked", os.O_RDWR | os.O_CREAT); os.write(unlinked, b"unlinked")
os.unlink(f"{incoming}/unlinked")
empty = os.open(f"{incoming}/empty", os.O_WRONLY | os.O_CREAT)
moved = os.open(f"{mount}/refs/new", os.O_WRONLY | os.O_CREAT); os.write(moved, b"sha256:" + small.encode()[:30])
os.mkdir(f"{mount}/refs/made")
layout = os.open(f"{mount}/oci-layout", os.O_WRONLY | os.O_TRUNC); os.write(layout, b'{"imageLayout')
edited = json.loads(read(f"{mount}/index.json"))
edited["manifests"] = [entry for entry in edited["manifests"] if not entry["digest"].endswith(small)]
edited = json.dumps(edited).encode()
editor = os.open(f"{mount}/index.json", os.O_WRONLY | os.O_TRUNC); os.write(editor, edited[:200])

command("blob", "rm", store, f"sha256:{gone}")
# Listings that have begun go on, while nothing changes.
expected = {path: set(os.listdir(path)) for path in (blobs, f"{incoming}/many")}
listings = {path: os.scandir(path) for path in expected}
begun = {path: [next(listing).name for _ in range(3)] for path, listing in listings.items()}
reload()
for path, listing in listings.items():
    names = begun[path] + [entry.name for entry in listing]
    assert len(names) == len(set(names)), path
    assert set(names) == expected[path], path

loads = [Load(body) for body in (read_blob, read_blob, write_blob, list_names)]
for load in loads: load.start()
for round in range(rounds - 1):
    for writer in writers: writer.step(round)
    reload()
    for writer in writers: writer.check()
    for name, file in files.items():
        assert os.pread(file, len(content[name]), 0) == content[name], name
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        assert os.pread(file, 100, 5) == content[name][5:105], name
        assert os.fstat(file).st_size == len(content[name])
    assert mapping[-5000:] == content[big][-5000:]
    assert os.pread(reference, 4096, 0) == text
    assert os.pread(index, 1 << 20, 0) == served
    assert os.listdir(".") == [] and os.getcwd() == f"{incoming}/cwd"
    if round == 0:
        command("ref", "put", "--force", store, "dir/tagged", f"sha256:{small}")
    assert os.pread(unlinked, 100, 0) == b"unlinked" and os.fstat(unlinked).st_nlink == 0
    assert os.pread(nested, 100, 0) == b"nested" and os.listdir(f"{mount}/.umoci-17") == ["file"]
Load.ended = True
for load in loads: load.join()
assert not Load.failures, Load.failures
assert all(load.count > 0 for load in loads), [load.count for load in loads]

for writer in writers: writer.close()
os.write(promised, promise[4000:]); os.close(promised); assert read(f"{blobs}/{digest(promise)}") == promise
os.write(scratch, scratch_content[3000:])
os.rename(scratch_name, f"{blobs}/{digest(scratch_content)}"); os.close(scratch)
assert read(f"{blobs}/{digest(scratch_content)}") == scratch_content
os.close(nested); os.unlink(f"{mount}/.umoci-17/file"); os.rmdir(f"{mount}/.umoci-17")
os.write(again, b"ter"); os.close(again); assert read(f"{incoming}/again") == b"after"
os.close(unlinked); os.close(empty); assert read(f"{incoming}/empty") == b""
os.write(moved, small.encode()[30:] + b"\n"); os.close(moved); assert json.loads(read(f"{mount}/refs/new"))["digest"].endswith(small)
with open(f"{mount}/refs/made/new", "w") as file: file.write(f"sha256:{small}\n")
os.write(layout, b'Version":"1.0.0"}'); os.close(layout)
# The index that the writer had read is the base of its change, so that it deletes an entry.
assert os.path.exists(f"{mount}/refs/dir/small")
os.write(editor, edited[200:]); os.close(editor)
names = [entry["annotations"]["org.opencontainers.image.ref.name"] for entry in json.loads(read(f"{mount}/index.json"))["manifests"]]
assert "dir/small" not in names and "dir/big" in names, names
# The kernel keeps a name that was listed for a moment.
deadline = time.monotonic() + 10
while os.path.exists(f"{mount}/refs/dir/small"):
    assert time.monotonic() < deadline
    time.sleep(0.05)
assert os.path.exists(f"{mount}/refs/dir/big")
for file in (*files.values(), reference, index): os.close(file)
mapping.close(); os.chdir("/")
