#!/usr/bin/env python3
"""Appends the messages that arrive at a socket of syslog(3) to a file: system-log.py SOCKET FILE."""

import socket
import sys

address, name = sys.argv[1:]
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server, open(name, "wb", buffering=0) as file:
    server.bind(address)
    while True:
        file.write(server.recv(1 << 16).rstrip(b"\0") + b"\n")
