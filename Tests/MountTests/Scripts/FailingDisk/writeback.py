import errno, os, sys
path, how = sys.argv[1:]
file = os.open(path, os.O_WRONLY | os.O_CREAT)
for i in range(4): os.write(file, os.urandom(1 << 20))
def fails(body):
  try: body(file)
  except OSError as error: assert error.errno in (errno.EIO, errno.ENOSPC), error
  else: assert False, "it did not fail"
if how == "fsync": fails(os.fsync)
fails(os.close)
