import errno, os, sys
def refused(call):
  try: call()
  except OSError as error: assert error.errno == errno.ENOSPC, error
  else: assert False
for first in b"", b"some":
  file = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
  if first: os.write(file, first)
  refused(lambda: os.pwrite(file, b"much" * 500_000, 4))
  refused(lambda: os.write(file, b"more"))
  copy = os.dup(file)
  refused(lambda: os.close(copy))
  child = os.fork()
  if child == 0:
    refused(lambda: os.close(file))
    os._exit(0)
  assert os.waitpid(child, 0)[1] == 0
  refused(lambda: os.close(file))
  assert not os.path.exists(sys.argv[1])
