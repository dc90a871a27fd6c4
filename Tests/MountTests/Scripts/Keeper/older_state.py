"""Makes the state of a keeper, by its process id, that of an earlier version: shorter by a number of bytes."""

import glob, os, struct, sys
size_offset = 8
for name in glob.glob(f"/proc/{sys.argv[1]}/fd/*"):
    if "memfd" not in os.readlink(name): continue
    with open(name, "r+b", buffering=0) as state:
        start = os.pread(state.fileno(), 12, 0)
        size, = struct.unpack_from("=I", start, size_offset)
        os.pwrite(state.fileno(), struct.pack("=I", size - int(sys.argv[2])), size_offset)
        break
else: sys.exit("the keeper has no state")
