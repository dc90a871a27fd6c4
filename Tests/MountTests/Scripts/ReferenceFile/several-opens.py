"""Opens one new name of refs several times, writes a value each, and closes them: in one thread, and in several."""

import errno, json, os, sys, threading

mount, *digests = sys.argv[1:]

def attempt(text, path, barrier):
    file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
    barrier()
    try:
        os.write(file, text)
        close, file = file, None
        os.close(close)
        return "ok"
    except OSError as error:
        return errno.errorcode[error.errno]
    finally:
        if file is not None:
            try:
                os.close(file)
            except OSError:
                pass

def check(path, said):
    taken = [digest for digest, word in zip(digests, said) if word == "ok"]
    assert len(taken) == 1 and said.count("EEXIST") == len(digests) - 1, said
    with open(path) as file:
        assert json.load(file)["digest"] == taken[0]

for attempt_number in range(20):
    path = "%s/refs/one-%d" % (mount, attempt_number)
    files = [os.open(path, os.O_WRONLY | os.O_CREAT, 0o644) for digest in digests]
    for file, digest in zip(files, digests):
        os.write(file, digest.encode())
    said = []
    for file in files:
        try:
            os.close(file)
            said.append("ok")
            assert os.stat(path).st_size > 0
        except OSError as error:
            said.append(errno.errorcode[error.errno])
    check(path, said)

for attempt_number in range(20):
    path = "%s/refs/many-%d" % (mount, attempt_number)
    barrier, said = threading.Barrier(len(digests)), [None] * len(digests)
    def run(index):
        said[index] = attempt(digests[index].encode() + b"\n", path, barrier.wait)
    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(digests))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(path, said)

# Two opens, one of them empty: its close fails, although the process has the name open.
path = mount + "/refs/empty"
first, second = (os.open(path, os.O_WRONLY | os.O_CREAT, 0o644) for _ in range(2))
try:
    os.close(first)
    sys.exit("an empty reference was closed without an error")
except OSError as error:
    assert error.errno == errno.EINVAL, error
os.write(second, digests[0].encode())
os.close(second)
with open(path) as file:
    assert json.load(file)["digest"] == digests[0]
