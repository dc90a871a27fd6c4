import ctypes, os, stat, sys
class Entry(ctypes.Structure):
  _fields_ = [("inode", ctypes.c_uint64), ("head", ctypes.c_uint8 * 11), ("name", ctypes.c_char * 256)]
libc = ctypes.CDLL(None)
libc.opendir.restype, libc.readdir.restype = ctypes.c_void_p, ctypes.POINTER(Entry)
def listed(path):
  stream = ctypes.c_void_p(libc.opendir(path.encode()))
  while entry := libc.readdir(stream): yield entry.contents.name.decode(), entry.contents.inode
  libc.closedir(stream)
for path, folders, files in os.walk(sys.argv[1]):
  inodes = dict(listed(path))
  assert inodes["."] == os.lstat(path).st_ino, path
  # The mount cannot know the parent of its root.
  assert path == sys.argv[1] or inodes[".."] == os.lstat(path + "/..").st_ino, path
  for entry in os.scandir(path):
    info = os.lstat(entry.path)
    assert entry.inode() == info.st_ino, entry.path
    assert entry.is_symlink() == stat.S_ISLNK(info.st_mode), entry.path
    assert entry.is_symlink() or entry.is_dir(follow_symlinks=False) == stat.S_ISDIR(info.st_mode), entry.path
    if entry.is_file(follow_symlinks=False): assert len(open(entry.path, "rb").read()) == info.st_size, entry.path
