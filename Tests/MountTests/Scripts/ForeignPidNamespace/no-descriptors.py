import os, resource, sys
mnt, server = sys.argv[1], int(sys.argv[2])
soft, hard = resource.prlimit(server, resource.RLIMIT_NOFILE)
used = len(os.listdir(f"/proc/{server}/fd"))
names, refusals = [], 0
for left in range(1, 12):
  resource.prlimit(server, resource.RLIMIT_NOFILE, (used + left, hard))
  files = []
  try:
    for i in range(12):
      name = f"{left}-{i}"
      files.append((name, os.open(f"{mnt}/incoming/{name}", os.O_WRONLY | os.O_CREAT)))
      os.write(files[-1][1], name.encode())
  except OSError: refusals += 1
  for name, file in files:
    try:
      os.close(file)
      names.append(name)
    except OSError: refusals += 1
resource.prlimit(server, resource.RLIMIT_NOFILE, (soft, hard))
assert names and refusals > 11, (names, refusals)
for name in names:
  with open(f"{mnt}/committed/{name}") as file: assert file.read() == name, name
