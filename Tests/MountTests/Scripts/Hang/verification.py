import signal, sys
class Enough(Exception): pass
def enough(*_): raise Enough
signal.signal(signal.SIGUSR1, enough); signal.signal(signal.SIGALRM, lambda *_: None)
signal.setitimer(signal.ITIMER_REAL, 0.1, 0.05)
open("ready", "w").close()
try: open(sys.argv[1])
except Enough:
  # Python resets its handlers before it ends.
  signal.setitimer(signal.ITIMER_REAL, 0)
  print("enough")
