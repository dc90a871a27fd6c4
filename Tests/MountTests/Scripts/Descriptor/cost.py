import os, sys
# Descriptors that were inherited would be read at each close.
os.closerange(3, 1024)
mnt, count = sys.argv[1], int(sys.argv[2])
files = [os.open(f"{mnt}/incoming/{i}", os.O_WRONLY | os.O_CREAT) for i in range(count)]
for i, file in enumerate(files): os.write(file, b"%d" % i)
for file in files: os.close(file)
