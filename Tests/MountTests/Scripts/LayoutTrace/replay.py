"""Performs the recorded calls of a tool on a layout: replay.py LAYOUT TRACE TAG.

The order of the calls, the open files and the names of temporary files are those of the recording. The content is new:
blobs are made for the tag, and the index is what the tool makes of the one that it read. A call that succeeded when it was
recorded must succeed. Prints the digest of the tag or of the artifact, or nothing where the tool removes.
"""

import errno, fcntl, hashlib, json, os, re, sys, zlib

# The scripts are in a source tree.
sys.dont_write_bytecode = True
import tools

CALL = re.compile(r"(\w+)\((.*)\)(?: x\d+)? = (-1 )?(\S+)")
DIGEST = re.compile(r"([0-9a-f]{8})…")
NAME = re.compile(r'"([^"]*)"')
FILE = re.compile(r"^(\d+)<([^>]*)>")
BLOB = re.compile(r"L/blobs/sha256/([0-9a-f]{8})…$")

class Image:
  """The blobs that a trace puts: the last one is the manifest of the others."""

  def __init__(self, layout, abbreviations, tag, seed):
    self.content, others = {}, []
    for number, name in enumerate(abbreviations[:-1]):
      self.content[name] = f"{tag} {seed} {number}\n".encode() * (1 + 40000 * (number == 0))
      others.append(describe("application/vnd.oci.image.layer.v1.tar", self.content[name]))
    if not others: others = [describe("text/plain", content(layout, tools.first(tools.read(layout))["digest"]))]
    manifest = {"schemaVersion": 2, "mediaType": tools.MANIFEST, "config": others[-1], "layers": others[:-1],
                "annotations": {"tag": f"{tag} {seed}"}}
    self.manifest = json.dumps(manifest).encode()
    self.content[abbreviations[-1]] = self.manifest
    self.entry = describe(tools.MANIFEST, self.manifest)

def describe(kind, data):
  return {"mediaType": kind, "digest": "sha256:" + hashlib.sha256(data).hexdigest(), "size": len(data)}

def content(layout, digest):
  with open(f"{layout}/blobs/sha256/{digest[7:]}", "rb") as file: return file.read()

def find(index, tag): return next(entry for entry in index["manifests"] if tools.name(entry) == tag)

class Replay:
  def __init__(self, layout, trace, tag):
    self.layout, self.tag = layout, tag
    self.tool = tools.Tool.of(trace)
    self.seed = zlib.crc32(f"{tag} {os.getpid()}".encode())
    self.files, self.targets, self.indexes, self.listed = {}, {}, [], None
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "traces")
    recording = tools.RECORDINGS.get(trace, trace)
    with open(f"{folder}/{recording}.txt") as file: self.calls = [CALL.match(line).groups() for line in file if line.strip()]
    self.renames = {}
    for call, text, failed, _ in self.calls:
      if call in ("rename", "renameat") and not failed:
        old, new = NAME.findall(text)
        self.renames[old] = new
    put = []
    for call, text, failed, _ in self.calls:
      paths = NAME.findall(text)
      final = paths[-1] if call.startswith("rename") else paths[0] if call == "openat" and "O_CREAT" in text else ""
      match = BLOB.match(final)
      if match and match[1] not in put: put.append(match[1])
    self.image = Image(layout, put, tag, self.seed) if put else None
    self.known = {}
    for name, data in (self.image.content if self.image else {}).items(): self.known[name] = hashlib.sha256(data).hexdigest()
    self.assign_existing()
    # How often each file is written, so that the last write completes it.
    self.writes = {}
    for call, text, _, _ in self.calls:
      if call == "write": self.writes[FILE.match(text)[2]] = self.writes.get(FILE.match(text)[2], 0) + 1

  def assign_existing(self):
    """Chooses blobs of the store for those that the recording found there; a removed image is that of the tag."""
    index = tools.read(self.layout)
    if self.tool.removes and not self.tool.collects:
      entry = find(index, self.tag)
      manifest = json.loads(content(self.layout, entry["digest"]))
      blobs = [entry["digest"], manifest["config"]["digest"]] + [layer["digest"] for layer in manifest["layers"]]
      removed = [BLOB.match(path)[1] for call, text, _, _ in self.calls if call == "unlinkat"
                 for path in NAME.findall(text) if BLOB.match(path)]
      for name, digest in zip(removed, blobs): self.known[name] = digest[7:]
    self.existing = tools.first(index)["digest"][7:] if index["manifests"] else None

  def full(self, name):
    return self.known.setdefault(name, self.existing)

  def path(self, text):
    if text.startswith("L/ingest") or "/" not in text:
      text = DIGEST.sub(lambda match: hashlib.sha256(match[1].encode()).hexdigest(), text)
    text = DIGEST.sub(lambda match: self.full(match[1]), text)
    # Temporary names have a random part, which differs between runs.
    text = re.sub(r"(?<![0-9a-f])\d{5,}(?![0-9a-f]*…)(?![0-9a-f]{20})|(?<=nosync)\d+|(?<=put-blob)\d+|(?<=[0-9a-f]{64})\d{5,}",
                  lambda match: str((int(match[0]) * 7919 + self.seed) % 10**10), text)
    return re.sub(r"^L(?=/|$)", self.layout, text)

  def final(self, path):
    while path in self.renames: path = self.renames[path]
    return path

  def data(self, recorded, size):
    """The bytes to write to a file: what its final name needs."""
    final = self.final(recorded)
    if final == "L/index.json":
      new = self.tool.edit(self.indexes, self.image.entry if self.image else None, self.tag)
      self.indexes.append(new)
      return self.tool.text(new)
    if final == "L/oci-layout": return b'{"imageLayoutVersion":"1.0.0"}'
    match = BLOB.match(final)
    if match:
      data, total = self.image.content[match[1]], self.writes[recorded]
      done = self.targets.setdefault(recorded, 0)
      self.targets[recorded] += 1
      return data[len(data) * done // total:len(data) * (done + 1) // total]
    return b"x" * size

  def run(self):
    for call, text, failed, result in self.calls:
      try: self.perform(call, text, result if not failed else None)
      except OSError as error:
        if not failed and call == "newfstatat" and NAME.findall(text) == ["L/ingest"]:
          # The recording began with the directory of another tool's run; the tool makes it where it is absent.
          os.mkdir(self.path("L/ingest"))
          continue
        if not failed: raise SystemExit(f"{call}({text}) = {result}: {error}")
        continue
      if failed and call == "unlinkat" and result in ("EISDIR", "ENOTEMPTY"):
        raise SystemExit(f"{call}({text}) succeeded, and was {result}")
    if self.image: print(self.image.entry["digest"])
    elif not self.tool.removes: print(find(tools.read(self.layout), self.tag)["digest"])

  def perform(self, call, text, result):
    handle = FILE.match(text)
    fd = self.files.get(handle[1]) if handle else None
    paths = [self.path(name) for name in NAME.findall(text)]
    directory = fd if handle and paths else None
    if call == "newfstatat":
      os.stat(paths[0], dir_fd=directory, follow_symlinks="NOFOLLOW" not in text)
    elif call == "faccessat2":
      if not os.access(paths[0], os.F_OK): raise FileNotFoundError(errno.ENOENT, "absent", paths[0])
    elif call == "openat":
      words = re.findall(r"\bO_\w+", text)
      flags = 0
      for word in words: flags |= getattr(os, word)
      mode = re.search(r", (0\d+)$", text)
      new = os.open(paths[0], flags, int(mode[1], 8) if mode else 0o777, dir_fd=directory)
      if result is None: os.close(new)
      else: self.files[FILE.match(result)[1]] = new
    elif call == "read": self.read(fd, handle[2])
    elif call in ("write", "pwrite64"):
      data = self.data(handle[2], int(re.search(r"\d+$", result)[0]))
      if call == "write":
        while data: data = data[os.write(fd, data):]
      else: os.pwrite(fd, data, 0)
      self.length = len(data)
    elif call == "ftruncate": os.ftruncate(fd, self.length)
    elif call == "close": os.close(self.files.pop(handle[1]))
    elif call == "fsync": os.fsync(fd)
    elif call == "fchmod": os.fchmod(fd, int(text.split()[-1], 8))
    elif call == "fchmodat": os.chmod(paths[0], int(text.split()[-1], 8))
    elif call == "fchown": os.fchown(fd, os.getuid(), os.getgid())
    elif call == "utimensat": os.utime(paths[0], (1, 1))
    elif call == "flock":
      fcntl.flock(fd, fcntl.LOCK_UN if "LOCK_UN" in text else fcntl.LOCK_EX | fcntl.LOCK_NB)
    elif call == "ioctl": fcntl.ioctl(fd, 0x40806685, b"\0" * 128)
    elif call in ("mkdirat", "mkdir"):
      try: os.mkdir(paths[0], int(text.split()[-1], 8))
      except FileExistsError:
        # The recording began with a directory without blobs.
        if not paths[0].startswith(f"{self.layout}/blobs"): raise
    elif call in ("rename", "renameat"): os.rename(paths[0], paths[1])
    elif call == "rmdir" or "AT_REMOVEDIR" in text: os.rmdir(paths[0], dir_fd=directory)
    elif call == "unlinkat":
      # A collection removes what it found itself, below.
      if not (self.tool.collects and self.listed is not None and "blobs/sha256" in paths[0]):
        os.unlink(paths[0], dir_fd=directory)
    elif call == "getdents64":
      names = os.listdir(fd)
      if self.tool.collects and handle[2] == "L/blobs/sha256" and self.listed is None:
        self.listed = names
        self.collect()
    else: raise SystemExit(f"unknown call {call}")

  def read(self, fd, path):
    data = b""
    while piece := os.read(fd, 4096): data += piece
    if path == "L/index.json":
      if self.tool.pwrites: self.length = len(data)
      self.indexes.append(json.loads(data))
    elif path == "L/oci-layout": json.loads(data)["imageLayoutVersion"]

  def collect(self):
    """Removes every name among the blobs that the index as it was read does not reach."""
    reached, pending = set(), [entry["digest"] for entry in self.indexes[-1]["manifests"]]
    while pending:
      digest = pending.pop()
      if digest in reached: continue
      reached.add(digest)
      try: value = json.loads(content(self.layout, digest))
      except (OSError, ValueError): continue
      if isinstance(value, dict):
        parts = value.get("manifests", []) + value.get("layers", []) + [value.get("config", {})]
        pending += [part["digest"] for part in parts if "digest" in part]
    for name in self.listed:
      if "sha256:" + name in reached: continue
      try: os.unlink(f"{self.layout}/blobs/sha256/{name}")
      except FileNotFoundError: pass
      except OSError:
        if not self.tool.ignores_errors: raise

if __name__ == "__main__": Replay(*sys.argv[1:]).run()
