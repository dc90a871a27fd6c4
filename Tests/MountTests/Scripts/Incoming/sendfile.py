import os, sys
source = os.open(sys.argv[1], os.O_RDONLY)
for how in "send", "range":
  target = os.open(f"{sys.argv[2]}/{how}", os.O_WRONLY | os.O_CREAT)
  at = 0
  while at < 3000000:
    if how == "send": at += os.sendfile(target, source, at, 3000000 - at)
    else:
      try: at += os.copy_file_range(source, target, 3000000 - at, at, at)
      except OSError: at += os.sendfile(target, source, at, 3000000 - at)
  os.close(target)
