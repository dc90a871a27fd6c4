import errno, os, sys
path = sys.argv[1]
os.setxattr(path, "user.a", b"a" * 40000)
try: os.setxattr(path, "user.b", b"b" * 40000)
except OSError as error: assert error.errno == errno.ENOSPC, error
else: assert False, "there was room"
os.setxattr(path, "user.a", b"c" * 20000)
os.setxattr(path, "user.b", b"b" * 40000)
assert os.getxattr(path, "user.a") == b"c" * 20000
