"""Reads, writes and tags in a mount while its server is killed at random moments; checks what callers see."""
import errno, hashlib, os, random, signal, subprocess, sys, threading, time

mount, store, big, small = sys.argv[1:5]
seed, seconds = int(sys.argv[5]), float(sys.argv[6])
blobs = f"{mount}/blobs/sha256"
content = {name: open(f"{store}/blobs/sha256/{name}", "rb").read() for name in (big, small)}
end = time.monotonic() + seconds
failures, acknowledged, counts, longest = [], [], {}, 0.0


def count(name):
    counts[name] = counts.get(name, 0) + 1


def read_blob(source, held):
    name = source.choice((big, small))
    file = os.open(f"{blobs}/{name}", os.O_RDONLY)
    try:
        assert os.fstat(file).st_size == len(content[name])
        start = source.randrange(len(content[name]))
        assert os.pread(file, 65536, start) == content[name][start : start + 65536]
        assert os.pread(held[name], 4096, start) == content[name][start : start + 4096]
    finally:
        os.close(file)


def list_blobs(source, held):
    # A listing that a death interrupts while writers add names can miss or repeat some; one that none interrupts cannot.
    for _ in range(20):
        names = os.listdir(blobs)
        if big in names and small in names and len(names) == len(set(names)):
            break
    else:
        raise AssertionError("no listing is right")
    os.stat(f"{mount}/refs")
    os.getxattr(f"{blobs}/{small}", "user.casfs.digest")


def read_all(function, number):
    global longest
    source = random.Random(seed * 100 + number)
    held = {name: os.open(f"{blobs}/{name}", os.O_RDONLY) for name in content}
    while time.monotonic() < end:
        begin = time.monotonic()
        try:
            function(source, held)
        except (OSError, AssertionError) as error:
            failures.append(f"{function.__name__}: {error!r}")
        longest = max(longest, time.monotonic() - begin)
        count(function.__name__)


def write_all(number):
    source = random.Random(seed * 100 + number)
    # Tags of many blobs would make the index long.
    while time.monotonic() < end and len(acknowledged) < 2000:
        text = source.randbytes(source.randrange(1, 100000))
        digest = hashlib.sha256(text).hexdigest()
        try:
            file = os.open(f"{mount}/incoming/{number}-{digest[:16]}", os.O_CREAT | os.O_WRONLY)
            try:
                os.write(file, text)
            finally:
                os.close(file)
            acknowledged.append(digest)
            with open(f"{mount}/refs/t{number}-{digest[:16]}", "w") as reference:
                reference.write(f"sha256:{digest}\n")
            count("tagged")
        except OSError as error:
            if error.errno not in (errno.EIO, errno.ENOENT, errno.ESTALE):
                failures.append(f"write: {error!r}")
            count("refused")


threads = [threading.Thread(target=read_all, args=(function, number)) for number, function in enumerate((read_blob, read_blob, list_blobs))]
threads += [threading.Thread(target=write_all, args=(number,)) for number in (7, 8)]
for thread in threads:
    thread.start()
source = random.Random(seed)
kills = 0
while time.monotonic() < end - 1:
    time.sleep(source.uniform(0.05, 0.6))
    found = subprocess.run(["pgrep", "-f", f"^casfs: server of {mount}$"], capture_output=True, text=True).stdout.split()
    for process in found:
        try:
            os.kill(int(process), signal.SIGKILL)
            kills += 1
        except ProcessLookupError:
            pass
for thread in threads:
    thread.join(20)
    if thread.is_alive():
        failures.append("a caller hangs")
for digest in acknowledged:
    if not os.path.exists(f"{store}/blobs/sha256/{digest}"):
        failures.append(f"{digest} was acknowledged and is lost")
for name in os.listdir(f"{store}/blobs/sha256"):
    if hashlib.sha256(open(f"{store}/blobs/sha256/{name}", "rb").read()).hexdigest() != name:
        failures.append(f"{name} has other content")
print(f"seed {seed}: {kills} kills, {counts}, {len(acknowledged)} acknowledged, longest {longest * 1000:.0f} ms")
if failures:
    print("\n".join(failures[:20]), file=sys.stderr)
    os._exit(1)
os._exit(0)
