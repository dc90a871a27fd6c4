"""Writes a file, and expects after the end of standard input that its content is lost."""
import errno, os, sys

file = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
os.write(file, b"x")
print("open", flush=True)
sys.stdin.read()
for call in (lambda: os.write(file, b"x"), lambda: os.fsync(file), lambda: os.close(file)):
    try:
        call()
    except OSError as error:
        assert error.errno == errno.EIO, error
    else:
        sys.exit("a call succeeded")
