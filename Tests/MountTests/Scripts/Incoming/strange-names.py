import errno, os, sys
mnt, store = (path.encode() for path in sys.argv[1:])
last = "\U0010ff80".encode()
names = [b"\xff", b"a\xc3", b"\xc3(", b"\xed\xa0\x80", last, last[:3], last[2:], b"\xf4", "\U0010ffff\xe9".encode(),
  "e\u0301".encode(), bytes(range(0x80, 0x100)), b"\xfe" * 255, b"line\nline", b"\x01\x7f"]
for name in names:
  with open(mnt + b"/incoming/" + name, "wb") as file: file.write(name)
for place in b"incoming", b"committed": assert sorted(os.listdir(mnt + b"/" + place)) == sorted(names), place
for name in names:
  with open(mnt + b"/committed/" + name, "rb") as file: assert file.read() == name
  attribute = b"user." + name[:200]
  if b"\n" not in name: os.setxattr(mnt + b"/incoming/" + name, attribute, b"x")
  if b"\n" not in name: assert os.fsencode(attribute) in map(os.fsencode, os.listxattr(mnt + b"/incoming/" + name))
  os.rename(mnt + b"/incoming/" + name, mnt + b"/incoming/" + name[:250] + b"\xfd")
assert sorted(os.listdir(mnt + b"/incoming")) == sorted(name[:250] + b"\xfd" for name in names)
for name in names: os.unlink(mnt + b"/incoming/" + name[:250] + b"\xfd")
os.mkdir(mnt + b"/incoming/\xff"); os.rmdir(mnt + b"/incoming/\xff")
def refused(number, body):
  try: body()
  except OSError as error: assert error.errno == number, error
  else: assert False
for name in b"\xfe" * 256, b"x" * 256, b"x" * 1000, "\xe9".encode() * 128:
  for place in b"incoming", b"blobs", b"refs", b"images", b"committed":
    path = mnt + b"/" + place + b"/" + name
    refused(errno.ENAMETOOLONG, lambda: os.stat(path))
    refused(errno.ENAMETOOLONG, lambda: os.open(path, os.O_WRONLY | os.O_CREAT))
    refused(errno.ENAMETOOLONG, lambda: os.mkdir(path))
refused(errno.EINVAL, lambda: os.open(mnt + b"/refs/\xff", os.O_WRONLY | os.O_CREAT))
refused(errno.ENOENT, lambda: os.stat(mnt + b"/refs/\xff"))
