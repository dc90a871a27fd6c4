"""Compares an index with what tools acknowledged: check.py INDEX FILE.

The lines of the file are DIGEST TAG, "- TAG" for a removal, and "? TAG" for what was not acknowledged; the last one of
a tag counts.
"""

import json, sys

KEY = "org.opencontainers.image.ref.name"
with open(sys.argv[1]) as file: entries = json.load(file)["manifests"]
there = {}
for entry in entries:
  name = entry.get("annotations", {}).get(KEY)
  if name is not None: there.setdefault(name, []).append(entry["digest"])
expected = {}
with open(sys.argv[2]) as file:
  for line in file:
    digest, tag = line.split()
    expected[tag] = digest
wrong = [f"{tag}: {there.get(tag, [])} in place of {digest}" for tag, digest in expected.items()
         if digest != "?" and there.get(tag, []) != ([] if digest == "-" else [digest])]
if wrong: sys.exit("\n".join(wrong))
print(sum(len(digest) > 1 for digest in expected.values()), "tags")
