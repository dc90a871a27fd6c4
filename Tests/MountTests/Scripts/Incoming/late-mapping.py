import mmap, os, sys
fd = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
os.ftruncate(fd, 8192)
map = mmap.mmap(fd, 8192)
map[0:5] = b"early"
if sys.argv[2] == "late":
  os.close(fd)
  map[5000:5004] = b"late"
  map.close()
else:
  map.close()
  os.close(fd)
