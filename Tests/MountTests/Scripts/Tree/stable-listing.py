import os, sys
mnt, store = sys.argv[1:]
stay = set(open("all").read().split()[::2]); go = open("all").read().split()[1::2]
seen = []
with os.scandir(f"{mnt}/blobs/sha256") as entries:
  for at, entry in enumerate(entries):
    seen.append(entry.name)
    if at < len(go): os.unlink(f"{store}/blobs/sha256/{go[at]}")
assert len(seen) == len(set(seen)), "a name twice"
assert stay <= set(seen), "a name is missing"
