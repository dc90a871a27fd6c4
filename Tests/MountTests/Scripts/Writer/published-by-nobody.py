import os, sys
mnt = sys.argv[1]
def opened(name): return os.open(f"{mnt}/incoming/{name}", os.O_WRONLY | os.O_CREAT)
for i in range(30):
  os.close(opened(f"empty{i}"))
  if i % 2: os.readlink(f"{mnt}/committed/empty{i}")
  else: assert f"empty{i}" in os.listdir(f"{mnt}/committed")
for i in range(6):
  begin, go = os.pipe()
  file = opened(f"big{i}")
  if os.fork() == 0:
    os.read(begin, 1)
    os.write(file, bytes([i]) * 5_000_000)
    os._exit(0)
  os.close(file)
  os.write(go, b"x")
  os.wait()
  if i % 2: assert os.stat(f"{mnt}/committed/big{i}").st_size == 5_000_000
  else: assert f"big{i}" in os.listdir(f"{mnt}/committed")
