import os, sys
fd = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC)
os.write(fd, b"whole")
os.execv("/bin/true", ["true"])
