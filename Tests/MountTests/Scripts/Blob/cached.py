"""Opens a file, and prints how many of its pages the kernel has then."""
import ctypes, mmap, os, sys

file = os.open(sys.argv[1], os.O_RDONLY)
size = os.fstat(file).st_size
mapping = mmap.mmap(file, size, mmap.MAP_PRIVATE)
pages = (ctypes.c_ubyte * ((size - 1) // mmap.PAGESIZE + 1))()
address = ctypes.addressof(ctypes.c_char.from_buffer(mapping))
if ctypes.CDLL(None, use_errno=True).mincore(ctypes.c_void_p(address), ctypes.c_size_t(size), pages) != 0:
    raise OSError(ctypes.get_errno(), "mincore")
print(sum(page & 1 for page in pages))
