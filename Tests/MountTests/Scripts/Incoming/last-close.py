import os, sys, hashlib
mnt, store = sys.argv[1:]
def stored(data): return os.path.exists(f"{store}/blobs/sha256/{hashlib.sha256(data).hexdigest()}")
for i in range(50):
  data = os.urandom(5000)
  fd = os.open(f"{mnt}/incoming/f{i}", os.O_WRONLY | os.O_CREAT)
  copy = os.dup(fd)
  os.write(fd, data)
  os.close(fd)
  assert not stored(data), "published while a duplicate is open"
  os.close(copy)
  assert stored(data), "not there after the last close"
  assert os.path.samefile(f"{mnt}/committed/f{i}", f"{mnt}/blobs/sha256/{hashlib.sha256(data).hexdigest()}")
