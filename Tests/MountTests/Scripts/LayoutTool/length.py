"""Reads index.json while other processes change it: the length of an open file is that of what is read."""

import json
import os
import subprocess
import sys

casfs, mount, digest = sys.argv[1:]
index = mount + "/index.json"
lengths = set()
for number in range(5):
    with open(index, "rb") as file:
        before = os.fstat(file.fileno()).st_size
        subprocess.run([casfs, "ref", "put", mount, f"tag{number}", digest], check=True)
        after = os.fstat(file.fileno()).st_size
        content = file.read()
    json.loads(content)
    assert len(content) == before == after, (len(content), before, after)
    lengths.add(len(content))
assert len(lengths) == 5, lengths
