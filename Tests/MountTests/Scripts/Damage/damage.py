import errno, hashlib, mmap, os, random, subprocess, sys, time
store, mnt, casfs, seed, minutes = sys.argv[1:6]
random.seed(int(seed))
end = time.monotonic() + 60 * float(minutes)
blobs, shown = store + "/blobs/sha256/", mnt + "/blobs/sha256/"
def put(data):
  name = hashlib.sha256(data).hexdigest()
  out = subprocess.run([casfs, "blob", "put", store], input=data, capture_output=True, check=True).stdout
  assert out.decode() == f"sha256:{name}\n"
  return name
def flip(at):
  def damage(data):
    changed = bytearray(data)
    changed[min(len(data) - 1, int(len(data) * at))] ^= 1 << random.randrange(8)
    return bytes(changed)
  return damage
damages = {
  "first bit": flip(0), "middle bit": flip(0.5), "last bit": flip(1), "any bit": lambda d: flip(random.random())(d),
  "one byte less": lambda d: d[:-1], "half": lambda d: d[:len(d) // 2], "nothing": lambda d: b"",
  "one byte more": lambda d: d + b"\0", "a page more": lambda d: d + bytes(4096), "twice": lambda d: d * 2,
  "zeros": lambda d: bytes(len(d)), "other content": lambda d: random.randbytes(len(d)),
}
def read(fd): return b"".join(iter(lambda: os.read(fd, 1 << 20), b""))
def pread(fd): return os.pread(fd, 1 << 24, 0)
def mapped(fd): return mmap.mmap(fd, 0, mmap.MAP_SHARED, mmap.PROT_READ)[:]
def sent(fd):
  with open("sent", "wb") as out:
    while os.sendfile(out.fileno(), fd, os.lseek(out.fileno(), 0, 1), 1 << 24): pass
  return open("sent", "rb").read()
def last(fd): return os.pread(fd, 1, max(0, os.fstat(fd).st_size - 1))
readers = [read, pread, mapped, sent, last]
trials = 0
def refused(path, reader):
  global trials
  trials += 1
  try: fd = os.open(path, os.O_RDONLY)
  except OSError as error:
    assert error.errno == errno.EIO, (path, error)
    return
  try: got = reader(fd)
  except OSError as error: assert error.errno == errno.EIO, error
  else: assert False, f"{path} gives {len(got)} bytes by {reader.__name__}"
  finally: os.close(fd)
def spoil(what, damage):
  global trials
  data = random.randbytes(random.choice([1, 5000, 1 << 20, (3 << 20) + 1]))
  bad = damage(data)
  if bad == data: return
  name = put(data)
  # Verified, unverified, or open.
  if random.random() < 0.5: assert open(shown + name, "rb").read() == data
  held = os.open(shown + name, os.O_RDONLY) if random.random() < 0.5 else None
  times = os.stat(blobs + name)
  os.chmod(blobs + name, 0o644)
  if held is None and random.random() < 0.5:
    with open(blobs + name, "r+b") as file:
      file.truncate(len(bad))
      file.write(bad)
  else:
    with open(blobs + "other", "wb") as file: file.write(bad)
    os.rename(blobs + "other", blobs + name)
  # The times are as before.
  os.utime(blobs + name, ns=(times.st_atime_ns, times.st_mtime_ns))
  for reader in readers: refused(shown + name, reader)
  got = subprocess.run([casfs, "blob", "get", store, "sha256:" + name], capture_output=True)
  trials += 1
  assert got.returncode == 1 and got.stdout == b"" and b"corrupt" in got.stderr, (what, got)
  if held is not None:
    assert os.pread(held, 1 << 24, 0) == data, f"{what}: what was open"
    os.close(held)
  put(data)
  for _ in range(3): assert open(shown + name, "rb").read() == data, f"{what}: healed"
while True:
  for what, damage in damages.items(): spoil(what, damage)
  if time.monotonic() > end: break
print(trials, "trials")
