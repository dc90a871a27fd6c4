"""Reads a file, the first argument, in every way there is, and compares it with a copy, the second."""

import mmap, os, sys, threading
blob, copy = sys.argv[1:3]
want = open(copy, "rb").read()
fd = os.open(blob, os.O_RDONLY)
assert mmap.mmap(fd, 0, mmap.MAP_PRIVATE, mmap.PROT_READ)[:] == want, "private mapping"
assert mmap.mmap(fd, 0, mmap.MAP_SHARED, mmap.PROT_READ)[:] == want, "shared mapping"
out = os.open("sent", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
sent = 0
while sent < len(want): sent += os.sendfile(out, fd, sent, len(want))
assert open("sent", "rb").read() == want, "sendfile"
for offset in 0, 1, 4095, 4096, 131072, len(want) - 1, len(want), len(want) + 5:
  assert os.pread(fd, 5000, offset) == want[offset:offset + 5000], f"at {offset}"
wrong = []
def read():
  if open(blob, "rb").read() != want: wrong.append(1)
threads = [threading.Thread(target=read) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert not wrong, "many at once"
