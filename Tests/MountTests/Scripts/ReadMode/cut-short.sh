#!/bin/bash
. helpers.bash

# Longer than the kernel reads ahead, so that it asks for the rest when the file is short.
seq 2000000 >a; hex=$("$casfs" blob put "$store" a | cut -d : -f 2)
python3 - "$mnt/blobs/sha256/$hex" "$store/blobs/sha256/$hex" <<'P'
import errno, os, sys

def read(blob, offset, size):
    """Reads to the end of the blob, or to the first error, which must be EIO."""
    while offset < size:
        try:
            content = os.pread(blob, 65536, offset)
        except OSError as error:
            assert error.errno == errno.EIO, error
            return True
        assert content, f"the blob ends at {offset}"
        offset += len(content)
    return False

blob = os.open(sys.argv[1], os.O_RDONLY)
size = os.fstat(blob).st_size
os.pread(blob, 4096, 0)
os.chmod(sys.argv[2], 0o644)
# In the middle of a page, at the end of one, and in the first range.
for length in (8_000_001, 4 << 20, 4096):
    os.truncate(sys.argv[2], length)
    for offset in (0, length - 4096, length - 100, length):
        os.posix_fadvise(blob, 0, 0, os.POSIX_FADV_DONTNEED)
        assert read(blob, offset, size), (length, offset)
    assert os.fstat(blob).st_size == size
P
