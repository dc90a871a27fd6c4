"""Two processes change their descriptors at random; a model says after each call which content is a blob."""
import array, fcntl, hashlib, os, random, socket, sys, time

mnt, store, top, seed = sys.argv[1:]
random.seed(int(seed))
NAMES = ["a", "b", "c"]


def blobs():
  return set(os.listdir(f"{store}/blobs/sha256"))


class Worker:
  """A child process that performs calls on its own descriptors."""

  def __init__(self, others):
    self.end, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    self.pid = os.fork()
    if self.pid == 0:
      for other in others: other.end.close()
      self.end.close()
      serve(theirs)
    theirs.close()

  def call(self, *words, give=None):
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [give]))] if give is not None else []
    self.end.sendmsg([repr(words).encode()], rights)
    answer, rights, _, _ = socket.recv_fds(self.end, 4096, 1) if words[0] == "send" else (self.end.recv(4096), [], 0, 0)
    answer = eval(answer)
    assert not isinstance(answer, str), (words, answer)
    return rights[0] if rights else answer


def open_file(path, flags):
  return os.open(path, flags, 0o644)


def child(numbers):
  """Inherits all descriptors, closes some of them and ends."""
  pid = os.fork()
  if pid == 0:
    for number in numbers: os.close(number)
    os._exit(0)
  os.waitpid(pid, 0)


def program():
  """A program that inherits what is not close-on-exec."""
  os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)


def serve(end):
  keeper = fcntl.fcntl(end.detach(), fcntl.F_DUPFD, 100)
  end = socket.socket(fileno=keeper)
  for number in range(3, 100):
    try: os.close(number)
    except OSError: pass
  calls = {
    "open": open_file, "write": os.write, "close": os.close, "dup": os.dup, "dup2": os.dup2, "child": child,
    "program": program, "socket": lambda: socket.socket().detach(),
    "inherit": os.set_inheritable,
  }
  while True:
    message, rights, _, _ = socket.recv_fds(end, 4096, 1)
    if not message: os._exit(0)
    words = eval(message)
    try:
      if words[0] == "receive": answer = rights[0]
      elif words[0] == "send":
        socket.send_fds(end, [b"0"], [words[1]])
        continue
      else: answer = calls[words[0]](*words[1:])
    except OSError as error: answer = str(error)
    end.send(repr(answer).encode())


class Open:
  """An open file description."""

  def __init__(self, name, process, writes):
    self.name, self.process, self.writes, self.descriptors = name, process, writes, 0


class Model:
  def __init__(self):
    self.content, self.isDirty, self.writers = {}, {}, {}
    self.opens, self.stored = [], set()
    self.tables = [{}, {}]

  def publish(self, name):
    if self.isDirty.get(name):
      self.stored.add(hashlib.sha256(self.content[name]).hexdigest())
      self.isDirty[name], self.writers[name] = False, set()

  def open(self, process, number, name, writes, truncates):
    if name not in self.content: self.content[name], self.isDirty[name], self.writers[name] = b"", True, set()
    if truncates: self.content[name], self.isDirty[name] = b"", True
    opened = Open(name, process, writes or truncates)
    opened.canWrite = writes
    self.opens.append(opened)
    self.put(process, number, opened)

  def put(self, process, number, opened):
    old = self.tables[process].get(number)
    self.tables[process][number] = opened
    if opened: opened.descriptors += 1
    if old: self.didClose(process, old)

  def close(self, process, number):
    old = self.tables[process].pop(number)
    if old: self.didClose(process, old)

  def end(self, process):
    # All descriptors of a process that ends are gone at the first close.
    table, self.tables[process] = self.tables[process], {}
    for opened in table.values():
      if opened: self.didClose(process, opened)

  def didClose(self, process, opened):
    opened.descriptors -= 1
    name = opened.name
    if opened.writes and process == opened.process and process in self.writers[name]:
      left = [o for o in self.tables[process].values() if o and o.canWrite and o.name == name]
      if not left: self.publish(name)
    if opened.descriptors == 0:
      self.opens.remove(opened)
      if opened.writes and not [o for o in self.opens if o.writes and o.name == name]: self.publish(name)

  def check(self, what):
    deadline = time.monotonic() + 30
    # FUSE_RELEASE is handled after the close.
    while not self.stored <= blobs():
      assert time.monotonic() < deadline, (what, self.stored - blobs())
      time.sleep(0.002)
    assert blobs() == self.stored, (what, blobs() - self.stored)


model = Model()
workers = []
for _ in range(2): workers.append(Worker(workers))


def step(count):
  process = random.randrange(2)
  worker, table = workers[process], model.tables[process]
  mine = [n for n, o in table.items() if o]
  act = random.choice(["open"] * 4 + ["write"] * 9 + ["close"] * 10 + ["dup"] * 2 + ["dup2"] * 5 + ["pass"] * 2
                      + ["child", "program", "socket", "junk", "inherit"])
  if act == "open":
    name = random.choice(NAMES)
    flags = random.choice([os.O_WRONLY, os.O_RDWR, os.O_RDONLY, os.O_WRONLY | os.O_TRUNC])
    if name not in model.content: flags = os.O_WRONLY | os.O_CREAT
    number = worker.call("open", f"{mnt}/incoming/{name}", flags)
    model.open(process, number, name, flags & 3 != 0, flags & os.O_TRUNC != 0)
  elif act == "junk": table[worker.call("open", f"{top}/junk", os.O_RDWR | os.O_CREAT)] = None
  elif act == "socket": table[worker.call("socket")] = None
  elif act == "program": worker.call("program")
  elif not table: return act
  elif act == "close":
    number = random.choice(list(table))
    worker.call("close", number)
    model.close(process, number)
  elif act == "dup2":
    # Also over a descriptor of another file, and over a free number.
    number, to = random.choice(list(table)), random.choice(list(table) + [random.randrange(3, 60)])
    if number == to: return act
    worker.call("dup2", number, to)
    model.put(process, to, table[number])
  elif not mine: return act
  elif act == "write":
    number = random.choice(mine)
    opened = table[number]
    if not opened.canWrite: return act
    piece = f"{count} ".encode()
    # Appended by the position of the last write, which the model knows.
    worker.call("write", number, piece)
    position = opened.position if hasattr(opened, "position") else 0
    old = model.content[opened.name].ljust(position, b"\0")
    model.content[opened.name] = old[:position] + piece + old[position + len(piece):]
    opened.position = position + len(piece)
    model.isDirty[opened.name] = True
    model.writers[opened.name].add(opened.process)
  elif act == "dup":
    number = random.choice(mine)
    model.put(process, worker.call("dup", number), table[number])
  elif act == "pass":
    number = random.choice(mine)
    opened = table[number]
    carried = worker.call("send", number)
    opened.descriptors += 1
    other = 1 - process
    model.put(other, workers[other].call("receive", give=carried), opened)
    opened.descriptors -= 1
    os.close(carried)
  elif act == "child": worker.call("child", random.sample(mine, random.randrange(len(mine) + 1)))
  elif act == "inherit": worker.call("inherit", random.choice(mine), random.random() < 0.5)
  return act


for count in range(500):
  act = step(count)
  model.check((seed, count, act))
for process, worker in enumerate(workers):
  worker.end.close()
  os.waitpid(worker.pid, 0)
  model.end(process)
  model.check((seed, "end", process))
assert len(model.stored) > 5, "little was stored"
