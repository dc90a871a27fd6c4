import errno, os, sys, time
file = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
os.write(file, b"half")
parent = os.getpid()
if os.fork() > 0: os.kill(parent, 9)
while os.getppid() == parent: time.sleep(0.01)
with open("said", "w") as said:
  for call in lambda: os.write(file, b"other half"), lambda: os.close(file):
    try: call()
    except OSError as error: print(errno.errorcode[error.errno], file=said)
os.rename("said", "told")
