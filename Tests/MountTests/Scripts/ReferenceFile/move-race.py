import ctypes, errno, json, os, sys
libc = ctypes.CDLL(None, use_errno=True)
refs = [place + "/refs/" for place in sys.argv[1:]]
digests = ["sha256:" + os.readlink(f"{sys.argv[1]}/committed/{name}")[-64:] for name in "ab"]
for number in range(12):
  for one in 0, 1:
    with open(f"{refs[one]}{number}from{one}", "w") as file: file.write(digests[one])
  begin, go = os.pipe()
  children = []
  for one in 0, 1:
    child = os.fork()
    if child == 0:
      os.close(go); os.read(begin, 1)
      names = [f"{refs[one]}{number}{name}".encode() for name in (f"from{one}", "to")]
      status = libc.renameat2(-100, names[0], -100, names[1], 1)
      os._exit(0 if status == 0 else 1 if ctypes.get_errno() == errno.EEXIST else 2)
    children.append(child)
  os.close(go)
  said = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
  os.close(begin)
  assert sorted(said) == [0, 1], said
  with open(f"{refs[said.index(0)]}{number}to") as file:
    assert json.load(file)["digest"] == digests[said.index(0)], number
