# Changes a byte of a file's content in the image of a disk, as a disk that loses bytes does.
import sys

image, content = sys.argv[1:]
with open(content, "rb") as file:
    start = file.read(4096)
with open(image, "r+b") as disk:
    place = disk.read().find(start)
    assert place >= 0, "the content is not on the disk"
    disk.seek(place + 5)
    disk.write(bytes([start[5] ^ 1]))
