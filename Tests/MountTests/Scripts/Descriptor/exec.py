"""The opener executes a program: descriptors that are close-on-exec close, and others remain the opener's."""
import hashlib, os, sys

mnt, store = sys.argv[1:3]
data = b"before "


def stored(data):
  return os.path.exists(f"{store}/blobs/sha256/{hashlib.sha256(data).hexdigest()}")


if len(sys.argv) == 3:
  closed = os.open(f"{mnt}/incoming/closed", os.O_WRONLY | os.O_CREAT)
  os.write(closed, b"closed")
  os.dup(closed)
  kept = os.open(f"{mnt}/incoming/kept", os.O_WRONLY | os.O_CREAT)
  os.write(kept, data)
  copy = os.dup(kept)
  os.set_inheritable(copy, True)
  # A table that is known already.
  first = os.open(f"{mnt}/incoming/first", os.O_WRONLY | os.O_CREAT)
  os.write(first, b"first")
  os.close(first)
  os.execv(sys.executable, [sys.executable, *sys.argv, str(copy)])
assert stored(b"first") and stored(b"closed") and not stored(data)
copy = int(sys.argv[3])
os.write(copy, b"after")
os.close(copy)
assert stored(data + b"after")
