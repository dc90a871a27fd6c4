import errno, os, sys
top = sys.argv[1]; blobs = top + "/blobs/sha256"
def lacks(what):
  try: what()
  except OSError as error: assert error.errno == errno.EMFILE, error
  else: assert False, "it has one"
names = os.listdir(blobs); opened = []
try:
  for name in names: opened.append(os.open(blobs + "/" + name, os.O_RDONLY))
except OSError as error: assert error.errno == errno.EMFILE, error
assert 15 < len(opened) < 40, len(opened)
lacks(lambda: os.listdir(blobs)); lacks(lambda: os.listdir(top + "/refs"))
for name in names: os.stat(blobs + "/" + name)
os.getxattr(top, "user.casfs.status"); os.statvfs(top); os.listdir(top); os.listdir(top + "/incoming")
for file in opened: assert os.pread(file, 9, 0)
file = os.open(top + "/incoming/x", os.O_WRONLY | os.O_CREAT)
lacks(lambda: os.write(file, b"x")); lacks(lambda: os.close(file))
