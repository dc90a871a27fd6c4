content = open("a", "rb").read(); archive = bytearray(open("x.tar", "rb").read())
archive[archive.index(content) + len(content) - 1] ^= 1
open("x.tar", "wb").write(archive)
