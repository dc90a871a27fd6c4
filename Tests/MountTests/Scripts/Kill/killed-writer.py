import os, sys, signal, threading, time
signal.signal(signal.SIGINT, signal.SIG_DFL)
fd = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
if sys.argv[2] == "threads": threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
if sys.argv[3] != "0": os.write(fd, b"half" * int(sys.argv[3]))
open("ready", "w").close()
time.sleep(60)
