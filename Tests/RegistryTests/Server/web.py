"""HTTP for a registry with faults: requests are read, and responses sent, in pieces."""

import http.server
import json
import os
import socket
import ssl
import urllib.parse

PIECE = 1 << 16


class Cut(Exception):
    """Ends the connection, before or during an answer."""


class Slice:
    """A part of a file, as a body."""

    def __init__(self, path, start=0, length=None):
        self.path, self.start = path, start
        self.length = os.path.getsize(path) - start if length is None else length

    def __len__(self):
        return self.length

    def pieces(self):
        left = self.length
        with open(self.path, "rb") as file:
            file.seek(self.start)
            while left > 0 and (piece := file.read(min(PIECE, left))):
                left -= len(piece)
                yield piece


class Response:
    """A response; the body is bytes, or has a length and pieces."""

    def __init__(self, status, headers=None, body=b""):
        self.status, self.headers, self.body = status, dict(headers or {}), body
        self.headers.setdefault("Content-Length", str(len(body)))
        # Functions that apply faults to the pieces of the body.
        self.filters = []

    def pieces(self):
        pieces = iter([self.body]) if isinstance(self.body, bytes) else self.body.pieces()
        for filter in self.filters:
            pieces = filter(pieces)
        return pieces


def failure(status, code, message, headers=None):
    """An error in the form of the distribution specification."""
    body = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
    return Response(status, {"Content-Type": "application/json", **(headers or {})}, body)


class Request:
    """A request."""

    def __init__(self, handler):
        self.method, self.target, self.headers = handler.command, handler.path, handler.headers
        parts = urllib.parse.urlsplit(handler.path)
        self.path = urllib.parse.unquote(parts.path)
        self.query = dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True))
        self.received = 0
        self._file = handler.rfile
        length = self.headers.get("Content-Length")
        self.length = int(length) if length else None
        self.is_chunked = "chunked" in self.headers.get("Transfer-Encoding", "").lower()
        # Whether another request may follow on the connection.
        self.is_read = not self.length and not self.is_chunked

    def pieces(self):
        """The body, as it arrives."""
        for piece in self._chunks() if self.is_chunked else self._plain(self.length or 0):
            self.received += len(piece)
            yield piece
        self.is_read = True

    def content(self):
        """The whole body."""
        return b"".join(self.pieces())

    def _plain(self, left):
        while left > 0:
            piece = self._file.read1(min(PIECE, left))
            if not piece:
                raise Cut("the client went away")
            left -= len(piece)
            yield piece

    def _chunks(self):
        while True:
            line = self._file.readline().split(b";")[0].strip()
            if not line:
                raise Cut("the client went away")
            size = int(line, 16)
            yield from self._plain(size)
            self._file.readline()
            if size == 0:
                return


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection; `server.answer(request)` returns the responses, `server.note` logs them."""

    protocol_version = "HTTP/1.1"
    timeout = 60
    disable_nagle_algorithm = True

    def serve(self):
        request, response, sent = Request(self), None, [0]
        try:
            response = self.server.answer(request)
            self.send(request, response, sent)
        except (Cut, OSError) as reason:
            self.close_connection = True
            self.server.note(request, response, sent[0], str(reason))
            # Without an orderly shutdown, which would send the buffers first.
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.server.note(request, response, sent[0])
        self.close_connection = self.close_connection or not request.is_read

    def send(self, request, response, sent):
        self.send_response_only(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if not request.is_read:
            self.send_header("Connection", "close")
        self.end_headers()
        if request.method == "HEAD" or response.status in (204, 304):
            return
        for piece in response.pieces():
            self.wfile.write(piece)
            sent[0] += len(piece)
        if sent[0] != int(response.headers["Content-Length"]):
            raise Cut("the length was a lie")

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = serve

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    """Listens on an address, with TLS if it has a certificate."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address, answer, note=lambda *_: None, tls=None):
        super().__init__(address, Handler)
        self.answer, self.note, self.tls = answer, note, None
        if tls:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(*tls[:2])
            if len(tls) > 2:
                # The authority of the client certificates that are demanded.
                self.tls.load_verify_locations(tls[2])
                self.tls.verify_mode = ssl.CERT_REQUIRED

    def get_request(self):
        connection, peer = super().get_request()
        if self.tls:
            # The handshake comes with the first read, in the connection's own thread.
            connection = self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, peer

    def handle_error(self, request, client_address):
        pass
