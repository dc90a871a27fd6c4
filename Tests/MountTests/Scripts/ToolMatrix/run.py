"""Runs the command of each row at its places, in the mount and in its copy on the disk, and prints the result as a line
of JSON. The expected outcome of a row only limits how long to wait for it."""

import hashlib, errno, http.server, json, os, re, shutil, stat, subprocess, sys, threading, time

top, mount = sys.argv[1:]
disk = f"{top}/disk"
rows = json.loads(os.environ["rows"])
began = time.time() - 3600
blobs = "blobs/sha256"

def digest(path):
  with open(path, "rb") as file: return hashlib.sha256(file.read()).hexdigest()

# The values of a command's variables in each place.
places = {
  "incoming": dict(dir="incoming", old="incoming/old", new="incoming/new", folder="incoming/folder", empty="incoming/empty"),
  "blobs": dict(dir=blobs, old=f"{blobs}/{digest('loose')}", new=f"{blobs}/{digest('samples/file')}"),
  "refs": dict(dir="refs", old="refs/app", new="refs/new", folder="refs/empty", empty="refs/empty", file=f"{top}/work/descriptor"),
  "images": dict(dir="images/app", old="images/app/manifest", new="images/app/new", folder="images/app/layers", empty="images/empty"),
  "committed": dict(dir="committed", old="committed/old", new="committed/new", folder="committed/folder", empty="committed/empty"),
}

class Quiet(http.server.SimpleHTTPRequestHandler):
  def __init__(self, *arguments): super().__init__(*arguments, directory=f"{top}/samples")
  def log_message(self, *arguments): pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
threading.Thread(target=server.serve_forever, daemon=True).start()

def look(root, place):
  """The content of a tree; owners, times and attributes only in incoming, which keeps them."""
  seen = {}
  for folder, folders, files in os.walk(root):
    for name in folders + files:
      path = f"{folder}/{name}"
      about = os.lstat(path)
      kind = stat.S_IFMT(about.st_mode)
      what = [kind]
      if kind == stat.S_IFREG: what += [about.st_size, digest(path)]
      if kind == stat.S_IFLNK: what += [os.readlink(path)]
      if place == "incoming":
        own = [name for name in os.listxattr(path, follow_symlinks=False) if name.startswith("user.")]
        notes = [(name, os.getxattr(path, name)) for name in sorted(own) if not name.startswith("user.casfs.")]
        modified = about.st_mtime_ns if about.st_mtime < began else "lately"
        what += [about.st_mode, about.st_uid, about.st_gid, modified, notes]
      seen[os.path.relpath(path, root)] = what
  return seen

def change(before, after):
  names = [name for name in before.keys() | after.keys() if before.get(name) != after.get(name)]
  return {name: after.get(name) for name in names}

parts = "status", "output", "errors", "changed", "outside"

def run(command, root, words, place, is_settled=lambda result: True):
  """Runs a command in a tree; gives its end, what it said, and what it changed."""
  shutil.rmtree(f"{top}/work", ignore_errors=True)
  subprocess.run(["cp", "-a", f"{top}/samples", f"{top}/work"], check=True)
  os.mkdir(f"{top}/work/out")
  own = f"{root}/{words['dir']}"
  before, whole = look(own, place), look(root, None)
  environment = dict(os.environ, file=f"{top}/work/file", tree=f"{top}/work/tree", out=f"{top}/work/out", tar=f"{top}/work/tar", TERM="dumb")
  environment.update(words)
  environment["url"] = f"http://127.0.0.1:{server.server_port}/{os.path.basename(environment['file'])}"
  done = subprocess.run(["bash", "-c", command], cwd=root, env=environment, stdin=subprocess.DEVNULL,
    stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30)
  said = [re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "DATE", text.decode(errors="replace")) for text in (done.stdout, done.stderr)]
  # RELEASE arrives after the writer has ended.
  deadline = time.time() + 2
  while True:
    result = dict(status=done.returncode, output=said[0], errors=said[1],
      changed=change(before, look(own, place)), outside=look(f"{top}/work", "incoming"), all=change(whole, look(root, None)))
    if is_settled(result) or time.time() > deadline: return result
    time.sleep(0.1)

def reason(said):
  """The error that a command named first, in the system's words."""
  found = [(said.find(os.strerror(number)), name) for number, name in errno.errorcode.items() if os.strerror(number) in said]
  # The message of getfattr for ENODATA.
  if "No such attribute" in said: found.append((0, "ENODATA"))
  return min(found)[1].replace("ENOTSUP", "EOPNOTSUPP") if found else "fails" if said else "silent"

def verdict(ours, native):
  if ours["status"]: return reason(ours["output"] + ours["errors"]) + ("*" if ours["all"] else "")
  wrong = [part for part in parts if ours[part] != native[part]]
  # The error was that of close(2), which some tools ignore.
  if wrong == ["changed"] and not ours["all"]: return "nothing"
  return "differs" if wrong else "works"

prelude = "py() { python3 -c \"import fcntl, mmap, os, shutil, tempfile\nglobals().update(os.environ)\n$1\"; }\n"

is_fresh = False
for number, row in enumerate(rows):
  if not is_fresh: subprocess.run(["bash", os.environ["scripts"] + "/fresh.sh"], check=True)
  is_fresh, command = True, prelude + row["command"]
  # Last, because writing into incoming makes blobs.
  for place in "images", "committed", "refs", "blobs", "incoming":
    if place not in row["outcomes"]: continue
    native = run(command, disk, places[place], place)
    ours = run(command, mount, places[place], place, lambda it: verdict(it, native) == row["outcomes"][place])
    why = [f"{part}: {ours[part]}, on a disk {native[part]}" for part in parts if ours[part] != native[part]]
    print(json.dumps(dict(row=number, place=place, verdict=verdict(ours, native), details="\n".join(why))))
    if native["changed"] or ours["all"]: is_fresh = False
