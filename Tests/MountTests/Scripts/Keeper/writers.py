"""Writes a file of a mount, runs a command that kills the server, and expects EIO from each further call."""
import errno, os, subprocess, sys

mount, command = sys.argv[1], sys.argv[2:]
files = {name: os.open(f"{mount}/incoming/{name}", os.O_CREAT | os.O_RDWR) for name in ("write", "sync", "close")}
for name, file in files.items():
    os.write(file, name.encode())
subprocess.run(command, check=True)


def refused(call):
    try:
        call()
    except OSError as error:
        assert error.errno == errno.EIO, error
    else:
        raise AssertionError("success")


refused(lambda: os.write(files["write"], b"more"))
refused(lambda: os.fsync(files["sync"]))
for file in files.values():
    refused(lambda: os.close(file))
