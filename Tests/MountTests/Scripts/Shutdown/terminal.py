import os, pty, sys
child, terminal = pty.fork()
if child == 0: os.execvp("bash", ["bash", "-c", sys.argv[1]])
said = b""
while b"ready" not in said: said += os.read(terminal, 1000)
# Closes the terminal, which sends SIGHUP.
os.close(terminal)
os.waitpid(child, 0)
