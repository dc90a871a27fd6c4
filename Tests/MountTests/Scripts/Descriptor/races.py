"""Threads of one process change its descriptors concurrently. Each knows when its own file has its last close."""
import ctypes, hashlib, os, platform, random, socket, sys, threading

mnt, store, how = sys.argv[1:]


def stored(data):
  return os.path.exists(f"{store}/blobs/sha256/{hashlib.sha256(data).hexdigest()}")


def work(number, failures):
  chance = random.Random(number)
  try:
    for turn in range(25):
      data = f"{how} {number} {turn}".encode()
      path = f"{mnt}/incoming/{how}-{number}-{turn}"
      files = [os.open(path, os.O_WRONLY | os.O_CREAT)]
      others = [socket.socket().detach() for _ in range(chance.randrange(3))]
      others.append(os.open(f"{path}-other", os.O_WRONLY | os.O_CREAT))
      os.write(files[0], data)
      for _ in range(chance.randrange(3)): files.append(os.dup(chance.choice(files)))
      if chance.random() < 0.5: files.append(os.open(path, os.O_RDWR))
      # Over a socket or another file of the mount.
      if chance.random() < 0.7: files.append(os.dup2(chance.choice(files), others.pop(chance.randrange(len(others)))))
      chance.shuffle(files)
      while files:
        assert not stored(data), ("published while a descriptor is left", number, turn)
        os.close(files.pop())
      assert stored(data), ("not there after the last close", number, turn)
      for other in others: os.close(other)
  except BaseException as error:
    failures.append(error)


def run(failures):
  threads = [threading.Thread(target=work, args=(number, failures)) for number in range(6)]
  for thread in threads: thread.start()
  for thread in threads: thread.join()
  if failures: print(failures[0], file=sys.stderr, flush=True)
  os._exit(1 if failures else 0)


if how == "headless":
  # The first thread ends, so that /proc/PID/fd shows nothing.
  threading.Thread(target=run, args=([],)).start()
  ctypes.CDLL(None).syscall({"x86_64": 60, "aarch64": 93}[platform.machine()], 0)
run([])
