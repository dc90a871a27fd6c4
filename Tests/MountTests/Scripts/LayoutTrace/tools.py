"""The changes that each tool makes to an index that it read."""

import json, random

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
KEY = "org.opencontainers.image.ref.name"
IMAGE_KEY = "io.containerd.image.name"

def name(entry): return entry.get("annotations", {}).get(KEY)

def read(layout):
  with open(f"{layout}/index.json") as file: return json.load(file)

def first(index):
  """The image that stays while the tools work: base, or the first one."""
  entries = index["manifests"]
  return next((entry for entry in entries if name(entry) == "base"), entries[0])

def named(entry, tag, image=None):
  return dict(entry, annotations=dict({KEY: tag}, **({IMAGE_KEY: image} if image else {})))

def unnamed(entry):
  annotations = {key: value for key, value in entry.get("annotations", {}).items() if key != KEY}
  return dict({key: value for key, value in entry.items() if key != "annotations"},
              **({"annotations": annotations} if annotations else {}))

class Tool:
  """The calls that put, and remove, an image. Each gets the entries, the new one and the tag."""
  removes = collects = ignores_errors = pwrites = False
  indent = None

  def __init__(self, trace): self.removes = any(verb in trace for verb in ("delete", "-rm", "-gc"))

  @staticmethod
  def of(trace): return TOOLS[trace.split("-")[0]](trace)

  def text(self, index): return json.dumps(index, indent=self.indent).encode()

  def edit(self, indexes, entry, tag):
    index = dict(indexes[-1])
    entries = list(index["manifests"])
    if self.removes: index["manifests"] = self.remove(indexes, entries, tag)
    else:
      # A verb that only tags gives another name to an image.
      entry = entry or {key: first(index)[key] for key in ("mediaType", "digest", "size")}
      index["manifests"] = self.add(entries, entry, tag)
    return index

class Skopeo(Tool):
  def add(self, entries, entry, tag):
    old = next((place for place, other in enumerate(entries) if name(other) == tag), None)
    if old is not None: entries[old] = unnamed(entries[old])
    return entries + [named(entry, tag)]

  def remove(self, indexes, entries, tag):
    place = next(place for place, entry in enumerate(indexes[0]["manifests"]) if name(entry) == tag)
    return entries[:place] + entries[place + 1:]

class Umoci(Tool):
  def __init__(self, trace):
    super().__init__(trace)
    self.collects = "-gc" in trace

  def add(self, entries, entry, tag):
    return [other for other in entries if name(other) != tag] + [named(entry, tag)]

  def remove(self, indexes, entries, tag): return [entry for entry in entries if name(entry) != tag]

class Crane(Tool):
  indent = 3
  def add(self, entries, entry, tag): return entries + [named(entry, tag)]

class Oras(Tool):
  """Adds an image, and then its name; `oras attach` writes the first of both, of an artifact."""

  def __init__(self, trace):
    super().__init__(trace)
    self.has_added = trace == "oras-tag"

  def add(self, entries, entry, tag):
    if not self.has_added:
      self.has_added = True
      if not any(other["digest"] == entry["digest"] for other in entries): entries.append(entry)
    else:
      entries = [other for other in entries if name(other) is not None or other["digest"] != entry["digest"]]
      entries = [unnamed(other) if name(other) == tag else other for other in entries] + [named(entry, tag)]
    random.shuffle(entries)
    return entries

  def remove(self, indexes, entries, tag):
    digest = next(entry["digest"] for entry in entries if name(entry) == tag)
    return [entry for entry in entries if entry["digest"] != digest]

class Regctl(Tool):
  collects = ignores_errors = True
  def add(self, entries, entry, tag):
    entry["annotations"] = {"org.opencontainers.image.created": "2026-01-01T00:00:00Z", KEY: tag}
    result, is_done = [], False
    for other in entries:
      if name(other) != tag: result.append(other)
      elif not is_done: is_done = bool(result.append(entry)) or True
    return result if is_done else result + [entry]

  def remove(self, indexes, entries, tag):
    place = next(place for place, entry in enumerate(entries) if name(entry) == tag)
    return entries[:place] + entries[place + 1:]

class Buildx(Tool):
  """An image has a whole name; a cache has a tag alone."""
  pwrites = True

  def __init__(self, trace):
    super().__init__(trace)
    self.has_image = "cache" not in trace

  def add(self, entries, entry, tag):
    image = f"docker.io/library/app:{tag}" if self.has_image else None
    kept = [other for other in entries if name(other) != tag or other["annotations"].get(IMAGE_KEY) != image]
    return kept + [named(entry, tag, image)]

class Containerization(Tool):
  def edit(self, indexes, entry, tag): return {"schemaVersion": 2, "manifests": [named(entry, tag)]}

# BuildKit stores a cache by the calls by which it stores an image.
RECORDINGS = {"buildx-cache-to": "buildx-oci-dir"}

TOOLS = {"skopeo": Skopeo, "umoci": Umoci, "crane": Crane, "oras": Oras, "regctl": Regctl, "buildx": Buildx,
         "containerization": Containerization}
