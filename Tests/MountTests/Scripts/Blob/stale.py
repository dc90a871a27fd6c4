import errno, os, subprocess, sys
casfs, store, blob = sys.argv[1:]
old = os.open(blob, os.O_PATH)
assert os.fstat(old).st_size == 10
subprocess.run([casfs, "blob", "put", store, "a"], check=True)
try: os.open(f"/proc/self/fd/{old}", os.O_RDONLY)
except OSError as error: assert error.errno == errno.ESTALE, error
else: assert False
with open("a", "rb") as whole, open(blob, "rb") as healed: assert whole.read() == healed.read()
assert os.fstat(old).st_ino == os.stat(blob).st_ino
