import json

from hostile_store import descriptor, layer, oci, put, tag, write_index

bad = {"deep": "[" * 100000, "deeper": '{"layers":' + "[" * 63 + "]" * 63 + "}", "list": "[]",
    "twice": '{"config":null,"config":null,"layers":[]}', "binary": bytes(range(256)), "number": "1e999999999",
    "object": '{"layers":{"a":1}}', "long": b'{"a":"' + b"x" * (5 << 20) + b'"}', "empty": b"",
    "huge": json.dumps({"config": descriptor(layer, 10 ** 30), "layers": []}),
    "float": '{"layers":[{"mediaType":"x","digest":"sha256:%s","size":1e400}]}' % layer,
    "negative": json.dumps({"config": descriptor(layer, -1), "layers": []}),
    "path": json.dumps({"config": descriptor("../../../etc/passwd"), "layers": []})}
for name, data in bad.items(): tag(name, data)
open("bad", "w").write(" ".join(bad) + "\n")
tag("most", json.dumps({"config": descriptor(layer, 2 ** 63 - 1), "layers": []}))
systems = ["..", "../..", "/", "a/b", "\0", "\n", "x" * 300, "", "\u00e9", ".", "plain", "plain"]
tag("platforms", json.dumps({"manifests": [
    descriptor(put("m%d" % n), 2, oci + "manifest.v1+json", platform={"os": system, "architecture": "x"}) for n, system in enumerate(systems)]}),
    oci + "index.v1+json")
write_index()
