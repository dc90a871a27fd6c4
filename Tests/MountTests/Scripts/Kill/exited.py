import os, sys, threading, time
for i in range(4): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
fd = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
os.write(fd, b"whole")
os._exit(int(sys.argv[2]))
