"""Tries every way to change the blob at the given path; each must fail with EROFS."""

import ctypes, errno, mmap, os, sys
path = sys.argv[1]
libc = ctypes.CDLL(None, use_errno=True)
def refused(what, body):
  try: body()
  except OSError as error:
    allowed = (errno.EROFS,) if os.geteuid() == 0 else (errno.EROFS, errno.EACCES, errno.EPERM)
    assert error.errno in allowed, f"{what}: {error}"
  else: assert False, f"{what} went through"
for name in "O_WRONLY", "O_RDWR":
  for more in 0, os.O_TRUNC, os.O_APPEND, os.O_CREAT, os.O_DIRECT:
    refused(f"open {name} {more}", lambda: os.open(path, getattr(os, name) | more))
refused("open O_TRUNC alone", lambda: os.open(path, os.O_RDONLY | os.O_TRUNC))
refused("truncate", lambda: os.truncate(path, 0))
refused("chmod", lambda: os.chmod(path, 0o666))
refused("utime", lambda: os.utime(path, (1, 1)))
fd = os.open(path, os.O_RDONLY)
for body in (lambda: os.write(fd, b"x"), lambda: os.ftruncate(fd, 0), lambda: os.posix_fallocate(fd, 0, 10),
             lambda: mmap.mmap(fd, 0, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)):
  try: body()
  except (OSError, PermissionError): pass
  else: assert False, "written through a descriptor for reading"
try: os.open(f"/proc/self/fd/{fd}", os.O_RDWR)
except OSError: pass
else: assert False, "opened again for writing"
