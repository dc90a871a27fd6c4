# Two processes with one number write texts that are made from one version of the index.
import hashlib, json, os, sys

os.chdir(sys.argv[1])
DIGEST = "sha256:" + hashlib.sha256(b"").hexdigest()
NAME = "org.opencontainers.image.ref.name"


def in_child(work):
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status == 0, status
    return child


def write(base, name):
    entry = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": DIGEST, "size": 0}
    base["manifests"].append(entry | {"annotations": {NAME: name}})
    with open("index.json", "w") as file:
        file.write(json.dumps(base))


with open("index.json") as file:
    base = json.load(file)
first = in_child(lambda: write(base, "first"))
with open("/proc/sys/kernel/ns_last_pid", "w") as file:
    file.write(str(first - 1))
second = in_child(lambda: write(base, "second"))
assert first == second, (first, second)
with open("index.json") as file:
    names = {entry["annotations"][NAME] for entry in json.load(file)["manifests"]}
assert names == {"first", "second"}, names
