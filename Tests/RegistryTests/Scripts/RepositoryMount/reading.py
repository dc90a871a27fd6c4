import mmap, os, sys
file, want = os.open(sys.argv[1], os.O_RDONLY), open(sys.argv[2], "rb").read()
assert mmap.mmap(file, 0, prot=mmap.PROT_READ)[:] == want
assert os.pread(file, 100, len(want) - 50) == want[-50:]
assert os.pread(file, 5000, 1000001) == want[1000001:1005001]
