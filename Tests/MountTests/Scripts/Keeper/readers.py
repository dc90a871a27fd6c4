"""Holds files, mappings and directories of a mount open, and uses them when told to."""
import mmap, os, sys

mount, big, small = sys.argv[1:]
blobs = f"{mount}/blobs/sha256"
files = {name: os.open(f"{blobs}/{name}", os.O_RDONLY) for name in (big, small)}
content = {name: open(f"{blobs}/{name}", "rb").read() for name in files}
mapping = mmap.mmap(files[big], 0, prot=mmap.PROT_READ)
directory = os.open(blobs, os.O_RDONLY)
reference = os.open(f"{mount}/refs/dir/big", os.O_RDONLY)
text = os.pread(reference, 4096, 0)
os.chdir(f"{mount}/images/dir")
listing = os.scandir(blobs)
first = [next(listing).name for _ in range(3)]
print("open", flush=True)
for round, _ in enumerate(sys.stdin):
    for name, file in files.items():
        assert os.pread(file, len(content[name]), 0) == content[name], name
        # Pages that the kernel has not cached.
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        assert os.pread(file, 100, 500) == content[name][500:600], name
        assert os.fstat(file).st_size == len(content[name])
        assert open(f"{blobs}/{name}", "rb").read() == content[name]
    assert mapping[-5000:] == content[big][-5000:]
    assert len(os.listdir(directory)) == 402
    assert os.pread(reference, 4096, 0) == text
    assert open(f"{mount}/index.json").read().startswith("{")
    assert os.getxattr(files[small], "user.casfs.digest") == f"sha256:{small}".encode()
    if round == 0:
        # A listing that began before the server died goes on where it was.
        names = first + [entry.name for entry in listing]
        assert len(names) == len(set(names)) == 402, len(names)
    print("read", flush=True)
