import os, socket, sys
listener = socket.create_server(("127.0.0.1", 0))
open("port.new", "w").write(str(listener.getsockname()[1])); os.rename("port.new", "port")
answer = sys.argv[1].encode().decode("unicode_escape").encode("latin1")
while True:
  connection, _ = listener.accept()
  connection.settimeout(5)
  try:
    connection.recv(65536); connection.sendall(answer); connection.close()
  except OSError: pass
