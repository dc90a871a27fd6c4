"""A proxy for another registry."""

import http.client

from web import PIECE, Response

# Headers of a connection, not of a message.
HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "content-length"}


class Upstream:
    """Forwards requests to `HOST:PORT` and its answers back, with the `Host` of the client."""

    def __init__(self, address):
        self.address = address

    def answer(self, request):
        names = {name.lower() for name in request.headers} - HOP
        headers = {name: ", ".join(request.headers.get_all(name)) for name in names}
        if request.length is not None:
            headers["Content-Length"] = str(request.length)
        has_body = request.is_chunked or request.length is not None
        connection = http.client.HTTPConnection(self.address, timeout=60)
        connection.request(
            request.method, request.target, request.pieces() if has_body else None, headers,
            encode_chunked=request.is_chunked)
        found = connection.getresponse()
        headers = {name: value for name, value in found.getheaders() if name.lower() not in HOP}
        body = Body(found)
        if request.method == "HEAD" or found.length is not None:
            headers["Content-Length"] = found.getheader("Content-Length", "0")
        else:
            body = found.read()
        return Response(found.status, headers, body)


class Body:
    """The body of a response, forwarded as it arrives."""

    def __init__(self, response):
        self.response = response

    def __len__(self):
        return self.response.length or 0

    def pieces(self):
        while piece := self.response.read1(PIECE):
            yield piece
