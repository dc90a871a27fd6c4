import hashlib, os

from hostile_store import blobs, descriptor, entries, oci, write_index

hexes = [hashlib.sha256(b"node%d" % n).hexdigest() for n in range(6)]
paths = [blobs + hex.encode() for hex in hexes]
os.symlink("/etc/passwd", paths[0]); os.symlink(hexes[2], paths[1]); os.symlink(hexes[1], paths[2])
os.mkfifo(paths[3]); os.mkdir(paths[4])
os.symlink("../../oci-layout", paths[5])
for n, hex in enumerate(hexes):
    entries.append(descriptor(hex, 1, oci + "manifest.v1+json", annotations={"org.opencontainers.image.ref.name": "node%d" % n}))
open("hexes", "w").writelines(hex + "\n" for hex in hexes)
write_index()
