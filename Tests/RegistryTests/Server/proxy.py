"""A proxy of the tests' own: `proxy.py FOLDER SETTINGS`.

It connects to one server, whatever the client asks for, so that tests need no names; it writes its port into
FOLDER/ports, and a line for each request into FOLDER/log: the request line, and the credentials. SETTINGS is JSON:

  target       HOST:PORT of the server that it connects to
  credentials  USER:PASSWORD that it requires
  habit        "refuse" answers 403, "fail" answers 502, "cut" closes the connection, "hang" never answers
  socks        speaks SOCKS 5
"""

import base64
import json
import os
import socket
import socketserver
import sys
import threading


class Handler(socketserver.StreamRequestHandler):
    """One connection of a client."""

    def handle(self):
        settings = self.server.settings
        if settings.get("socks"):
            return self.socks()
        line = self.rfile.readline()
        fields = {}
        while (field := self.rfile.readline()).strip():
            name, _, value = field.decode().partition(":")
            fields[name.lower()] = value.strip()
        credentials = base64.b64decode(fields.pop("proxy-authorization", "").removeprefix("Basic ")).decode()
        self.note(f"{line.decode().strip()} [{credentials}]")
        habit = settings.get("habit")
        if habit == "hang":
            self.connection.recv(1)
            return None
        if habit == "cut":
            return None
        if credentials != settings.get("credentials", ""):
            return self.refuse("407 Proxy Authentication Required")
        if habit == "refuse":
            return self.refuse("403 Filtered")
        if habit == "fail":
            return self.refuse("502 Bad Gateway")
        method, target, version = line.decode().split()
        with self.connected() as server:
            if method == "CONNECT":
                self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                scheme, _, rest = target.partition("://")
                if scheme != "http":
                    return self.refuse("400 Bad Request")
                # One request for each connection.
                fields["connection"] = "close"
                head = f"{method} /{rest.partition('/')[2]} {version}\r\n"
                head += "".join(f"{name}: {value}\r\n" for name, value in fields.items())
                server.sendall(head.encode() + b"\r\n")
            self.relay(server)
        return None

    def socks(self):
        _, count = self.rfile.read(2)
        self.rfile.read(count)
        self.wfile.write(b"\x05\x00")
        kind = self.rfile.read(4)[3]
        length = {1: 4, 4: 16}.get(kind) or self.rfile.read(1)[0]
        address, port = self.rfile.read(length), int.from_bytes(self.rfile.read(2), "big")
        self.note(f"SOCKS {address.decode() if kind == 3 else address.hex()}:{port}")
        with self.connected() as server:
            self.wfile.write(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
            self.relay(server)

    def connected(self):
        host, _, port = self.server.settings["target"].rpartition(":")
        return socket.create_connection((host, int(port)))

    def refuse(self, status):
        self.wfile.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())

    def note(self, text):
        with open(f"{self.server.folder}/log", "a") as log:
            log.write(text + "\n")

    def relay(self, server):
        """Copies both ways, until one of them ends."""

        def copy(read, write, end):
            try:
                while piece := read():
                    write(piece)
            except OSError:
                pass
            try:
                end.shutdown(socket.SHUT_WR)
            except OSError:
                pass

        up = threading.Thread(target=copy, args=(lambda: self.rfile.read1(1 << 16), server.sendall, server), daemon=True)
        up.start()
        copy(lambda: server.recv(1 << 16), self.wfile.write, self.connection)


class Server(socketserver.ThreadingTCPServer):
    """The proxy."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass


if __name__ == "__main__":
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    with Server(("127.0.0.1", 0), Handler) as proxy:
        proxy.folder, proxy.settings = folder, json.loads(sys.argv[2])
        with open(f"{folder}/ports.new", "w") as file:
            file.write(f"{proxy.server_address[1]}\n")
        os.replace(f"{folder}/ports.new", f"{folder}/ports")
        proxy.serve_forever()
