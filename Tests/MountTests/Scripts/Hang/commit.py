import os, signal, sys
signal.signal(signal.SIGUSR1, lambda *_: None)
file = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
os.write(file, sys.argv[1].encode())
open(sys.argv[2], "w").close()
getattr(os, sys.argv[2])(file)
