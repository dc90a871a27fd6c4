import json

from hostile_store import descriptor, image, layer, oci, put, tag, write_index

for n in range(20): tag("d/" * 2000 + "%d" % n, image)
tag("wide", json.dumps({"schemaVersion": 2, "config": descriptor(layer), "layers": [descriptor(layer)] * 20000}))
tag("plain", image)
tag("platforms", json.dumps({"manifests": [
    descriptor(put("m"), 1, platform={"os": "linux", "architecture": str(n)}) for n in range(8000)]}),
    oci + "index.v1+json")
write_index()
