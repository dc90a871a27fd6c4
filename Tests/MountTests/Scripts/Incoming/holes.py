"""Compares where two files have data; each of the extents must have the content that the other file has there."""

import os, sys

def extents(file):
    found, end, size = [], 0, os.fstat(file).st_size
    while end < size:
        try:
            start = os.lseek(file, end, os.SEEK_DATA)
        except OSError:
            break
        end = os.lseek(file, start, os.SEEK_HOLE)
        assert end > start, (start, end)
        found.append((start, end))
    return found

first, second = (os.open(path, os.O_RDONLY) for path in sys.argv[1:3])
assert extents(first) == extents(second), (extents(first), extents(second))
for start, end in extents(first):
    assert os.pread(first, end - start, start) == os.pread(second, end - start, start)
