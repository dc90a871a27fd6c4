"""A process with 10,000 descriptors, of which the mount needs few."""
import hashlib, os, resource, select, sys

mnt, store = sys.argv[1:]


def stored(data):
  return os.path.exists(f"{store}/blobs/sha256/{hashlib.sha256(data).hexdigest()}")


_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 12000), hard))
end, other = os.pipe()
poll = select.epoll()
others = [os.dup(end) for _ in range(min(hard, 10400) - 400)]
for number in others[:1000]: poll.register(number)
files = []
for number in range(10):
  files.append(os.open(f"{mnt}/incoming/{number}", os.O_WRONLY | os.O_CREAT))
  os.write(files[-1], b"%d" % number)
# The duplicate takes the number of a pipe.
copy = os.dup2(files[5], others[5000])
for number, file in enumerate(files):
  os.close(file)
  assert stored(b"%d" % number) == (number != 5), number
os.dup2(end, copy)
assert stored(b"5")
