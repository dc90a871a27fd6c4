"""Tries every way to change the blob at the given path.

Each must fail with EROFS, except those that a writable mount accepts and forgets: O_TRUNC promises the same content, and
owner, mode and times are the mount's own.
"""

import ctypes, errno, mmap, os, sys
path = sys.argv[1]
libc = ctypes.CDLL(None, use_errno=True)
def refused(what, body):
  try: body()
  except OSError as error:
    allowed = (errno.EROFS,) if os.geteuid() == 0 else (errno.EROFS, errno.EACCES, errno.EPERM)
    assert error.errno in allowed, f"{what}: {error}"
  else: assert False, f"{what} went through"
def state():
  status = os.stat(path)
  with open(path, "rb") as file: return file.read(), status.st_mode, status.st_uid, status.st_mtime_ns
before = state()
def forgotten(what, body):
  try: result = body()
  except OSError as error:
    assert error.errno in (errno.EROFS, errno.EACCES, errno.EPERM), f"{what}: {error}"
  else:
    if isinstance(result, int):
      os.write(result, b"other")
      try: os.close(result)
      except OSError as error: assert error.errno == errno.EBADMSG, f"{what}: {error}"
      else: assert False, f"{what}: other content went through"
  assert state() == before, f"{what} changed the blob"
for name in "O_WRONLY", "O_RDWR":
  forgotten(f"open {name} O_TRUNC", lambda: os.open(path, getattr(os, name) | os.O_TRUNC))
  for more in 0, os.O_APPEND, os.O_CREAT, os.O_DIRECT:
    refused(f"open {name} {more}", lambda: os.open(path, getattr(os, name) | more))
refused("truncate", lambda: os.truncate(path, 0))
forgotten("chmod", lambda: os.chmod(path, 0o666))
forgotten("utime", lambda: os.utime(path, (1, 1)))
fd = os.open(path, os.O_RDONLY)
for body in (lambda: os.write(fd, b"x"), lambda: os.ftruncate(fd, 0), lambda: os.posix_fallocate(fd, 0, 10),
             lambda: mmap.mmap(fd, 0, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)):
  try: body()
  except (OSError, PermissionError): pass
  else: assert False, "written through a descriptor for reading"
try: os.open(f"/proc/self/fd/{fd}", os.O_RDWR)
except OSError: pass
else: assert False, "opened again for writing"
