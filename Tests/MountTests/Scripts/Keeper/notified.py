"""Prints the first message that a service sends to its manager, whose socket is made at a path."""
import socket, sys

listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(sys.argv[1])
listener.settimeout(30)
print(listener.recv(100).decode())
