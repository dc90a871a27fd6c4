"""A registry in memory whose every habit is a switch: `habits.py FILE [STATUS]`.

It writes its port into FILE, and ends when its standard input does. With STATUS it answers /v2/ by it. A repository is named REQUEST/HABIT/NAME: it answers the kind
of requests REQUEST in the manner of HABIT, and all others by the distribution specification. The first request makes
it, with the image `v1`, the same image under the tag `kept`, and a blob that no tag reaches. GET /state/REPOSITORY
returns its content, as a JSON object of `tags` and `blobs`, each with the SHA-256 of what is stored.

The kinds of requests are the endpoints of the specification: head-blob, blob, head-manifest, manifest, start, patch,
upload, put-manifest, tags, delete-manifest and delete-blob.
"""

import gzip
import hashlib
import http.server
import json
import os
import re
import socket
import sys
import threading
import time
import urllib.parse
from email.utils import formatdate

LAYER = bytes(range(256)) * 400
TYPE = "application/vnd.oci.image"
NONE = "sha256:" + "0" * 64
# The longest piece that a registry with the habit `limited` takes, in bytes.
LIMIT = 270_000


def digest(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def descriptor(kind, content):
    return {"mediaType": f"{TYPE}.{kind}", "digest": digest(content), "size": len(content)}


class Answer:
    """An answer; `length` is the Content-Length, None sends the body in chunks."""

    def __init__(self, status, body=b"", **headers):
        self.status, self.body, self.length = status, body, len(body)
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        # Bytes of the body after which the connection ends, and seconds for each thousand bytes.
        self.cut, self.pause = None, 0


def refusal(status, code, **headers):
    body = json.dumps({"errors": [{"code": code, "message": f"{code.lower()} here"}]}).encode()
    return Answer(status, body, Content_Type="application/json", **headers)


class Repository:
    def __init__(self, name):
        self.name, self.lock = name, threading.Lock()
        self.counts, self.uploads = {}, {}
        config = b"{}"
        manifest = json.dumps({
            "schemaVersion": 2, "mediaType": f"{TYPE}.manifest.v1+json", "config": descriptor("config.v1+json", config),
            "layers": [descriptor("layer.v1.tar", LAYER)],
        }).encode()
        self.blobs = {digest(content): content for content in (LAYER, config, b"unreachable")}
        self.manifests = {digest(manifest): (f"{TYPE}.manifest.v1+json", manifest)}
        self.tags = {"v1": digest(manifest), "kept": digest(manifest)}

    def count(self, kind):
        """How often a kind of request has come, this one included."""
        with self.lock:
            self.counts[kind] = self.counts.get(kind, 0) + 1
            return self.counts[kind]

    def state(self):
        with self.lock:
            blobs = {name: digest(content) for name, content in self.blobs.items()}
            manifests = {name: digest(content) for name, (_, content) in self.manifests.items()}
            return {"tags": self.tags, "blobs": blobs, "manifests": manifests, "counts": self.counts}

    def answer(self, kind, request):
        with self.lock:
            if kind == "tags":
                return self.tags_list(sorted(self.tags))
            return getattr(self, kind.removeprefix("head-").replace("-", "_"))(request)

    def blob(self, request):
        content = self.blobs.get(request.key)
        if content is None:
            return refusal(404, "BLOB_UNKNOWN")
        headers = {"Content_Type": "application/octet-stream", "Docker_Content_Digest": request.key}
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("Range", ""))
        if not asked or request.method == "HEAD":
            return Answer(200, content, **headers)
        start, end = int(asked[1]), min(int(asked[2] or len(content)), len(content) - 1)
        if start > end:
            return Answer(416, Content_Range=f"bytes */{len(content)}")
        return Answer(206, content[start:end + 1], Content_Range=f"bytes {start}-{end}/{len(content)}", **headers)

    def manifest(self, request):
        found = self.tags.get(request.key, request.key)
        if found not in self.manifests:
            return refusal(404, "MANIFEST_UNKNOWN")
        kind, content = self.manifests[found]
        return Answer(200, content, Content_Type=kind, Docker_Content_Digest=found)

    def start(self, _):
        key = str(len(self.uploads))
        self.uploads[key] = b""
        return Answer(202, Location=f"/v2/{self.name}/blobs/uploads/{key}")

    def patch(self, request):
        if request.key not in self.uploads:
            return refusal(404, "BLOB_UPLOAD_UNKNOWN")
        self.uploads[request.key] += request.body
        end = len(self.uploads[request.key]) - 1
        return Answer(202, Location=f"/v2/{self.name}/blobs/uploads/{request.key}", Range=f"0-{end}")

    def upload(self, request):
        content = self.uploads.pop(request.key, None)
        if content is None:
            return refusal(404, "BLOB_UPLOAD_UNKNOWN")
        content += request.body
        if digest(content) != request.query.get("digest"):
            return refusal(400, "DIGEST_INVALID")
        self.blobs[digest(content)] = content
        return Answer(201, Location=f"/v2/{self.name}/blobs/{digest(content)}", Docker_Content_Digest=digest(content))

    def put_manifest(self, request):
        value = json.loads(request.body)
        for part in [value["config"], *value["layers"]]:
            if part["digest"] not in self.blobs:
                return refusal(404, "MANIFEST_BLOB_UNKNOWN")
        self.manifests[digest(request.body)] = (request.headers.get("Content-Type"), request.body)
        if ":" not in request.key:
            self.tags[request.key] = digest(request.body)
        return Answer(
            201, Location=f"/v2/{self.name}/manifests/{digest(request.body)}",
            Docker_Content_Digest=digest(request.body))

    def tags_list(self, tags):
        return Answer(200, json.dumps({"name": self.name, "tags": tags}).encode(), Content_Type="application/json")

    def delete_manifest(self, request):
        if self.tags.pop(request.key, None) is None:
            return refusal(404, "MANIFEST_UNKNOWN")
        return Answer(202)

    def delete_blob(self, request):
        if self.blobs.pop(request.key, None) is None:
            return refusal(404, "BLOB_UNKNOWN")
        return Answer(202)


class Cut(Exception):
    """Ends the connection without an answer."""


class Habits:
    """The habits; each method is one, and answers a request of a kind to which it applies.

    `request.number` counts the requests of the kind. A method whose name ends in `_once` applies to the first alone.
    """

    def __init__(self, repository, kind, request):
        self.repository, self.kind, self.request = repository, kind, request

    def usual(self):
        return self.repository.answer(self.kind, self.request)

    def answer(self, habit):
        if re.fullmatch(r"\d{3}", habit):
            return refusal(int(habit), "HABIT")
        if habit.endswith("-once") and self.request.number > 1:
            return self.usual()
        return getattr(self, habit.removesuffix("-once").replace("-", "_"))()

    # Statuses.

    def busy(self):
        return refusal(429, "TOOMANYREQUESTS", Retry_After="0")

    def maintained(self):
        return refusal(503, "UNAVAILABLE", Retry_After=formatdate(usegmt=True), Date=formatdate(usegmt=True))

    def busy_for_long(self):
        return refusal(429, "TOOMANYREQUESTS", Retry_After="3600")

    def broken(self):
        return refusal(500, "UNKNOWN")

    def gateway(self):
        return Answer(502, b"<html>bad gateway</html>", Content_Type="text/html")

    def silent_failure(self):
        return Answer(500)

    def unlisted_page(self):
        return refusal(400, "PAGINATION_NUMBER_INVALID") if "n" in self.request.query else self.usual()

    def limited(self):
        return Answer(413, b"<html>too large</html>") if len(self.request.body) > LIMIT else self.usual()

    def not_yet(self):
        kind = {"manifest": "MANIFEST", "head-manifest": "MANIFEST", "put-manifest": "MANIFEST_BLOB"}
        return refusal(404, f"{kind.get(self.kind, 'BLOB')}_UNKNOWN")

    # Headers.

    def without_length(self):
        answer = self.usual()
        answer.length = None
        return answer

    def zero_length(self):
        answer = self.usual()
        answer.length = 0
        return answer

    def short_length(self):
        answer = self.usual()
        answer.length = max(answer.length - 10, 0)
        return answer

    def long_length(self):
        answer = self.usual()
        answer.length += 10
        return answer

    def malformed_length(self):
        answer = self.usual()
        answer.headers["Content-Length"] = "many"
        return answer

    def drop(self, name):
        answer = self.usual()
        answer.headers.pop(name, None)
        return answer

    def without_digest(self):
        return self.drop("Docker-Content-Digest")

    def without_type(self):
        return self.drop("Content-Type")

    def generic_type(self):
        answer = self.usual()
        answer.headers["Content-Type"] = "text/plain; charset=utf-8"
        return answer

    def without_location(self):
        return self.drop("Location")

    def other_digest(self):
        answer = self.usual()
        answer.headers["Docker-Content-Digest"] = NONE
        return answer

    def malformed_digest(self):
        answer = self.usual()
        answer.headers["Docker-Content-Digest"] = "sha256:../../x"
        return answer

    def absolute_location(self):
        answer = self.usual()
        if location := answer.headers.get("Location"):
            answer.headers["Location"] = self.request.origin + location + "?state=a%2Fb"
        return answer

    def location_without_host(self):
        answer = self.usual()
        if location := answer.headers.get("Location"):
            answer.headers["Location"] = location.rsplit("/", 1)[1] if self.kind == "patch" else "./" + location.rsplit("/", 1)[1]
        return answer

    def malformed_location(self):
        answer = self.usual()
        if "Location" in answer.headers:
            answer.headers["Location"] = "file:///etc/passwd"
        return answer

    def accepted(self):
        answer = self.usual()
        answer.status = 202 if answer.status == 201 else answer.status
        return answer

    # Redirects.

    def redirect(self, status, origin=""):
        if "again" in self.request.query:
            return self.usual()
        target = self.request.target + ("&" if "?" in self.request.target else "?") + "again=1"
        return Answer(status, Location=origin + target)

    def moved_301(self):
        return self.redirect(301)

    def moved_302(self):
        return self.redirect(302)

    def moved_303(self):
        return self.redirect(303)

    def moved_307(self):
        return self.redirect(307)

    def moved_308(self):
        return self.redirect(308)

    def moved_to_another_host(self):
        return self.redirect(307, self.request.origin.replace("127.0.0.1", "127.0.0.2"))

    def moved_in_a_circle(self):
        return Answer(307, Location=self.request.target)

    def moved_to_nowhere(self):
        return Answer(307)

    def moved_to_a_file(self):
        return Answer(307, Location="file:///etc/passwd")

    def moved_to_what_knows_get(self):
        """Storage with a signature for GET alone."""
        if "again" in self.request.query and self.request.method != "GET":
            return Answer(403, b"<Error>SignatureDoesNotMatch</Error>")
        return self.redirect(307)

    # Bodies.

    def garbage(self):
        answer = self.usual()
        answer.body = b"<html>" + bytes(len(answer.body))
        answer.length = len(answer.body)
        return answer

    def empty(self):
        answer = self.usual()
        answer.body, answer.length = b"", 0
        return answer

    def compressed(self):
        """Compresses for every client that does not ask for the content as it is."""
        answer = self.usual()
        if self.request.headers.get("Accept-Encoding") != "identity" and answer.body:
            answer.body = gzip.compress(answer.body)
            answer.length = len(answer.body)
            answer.headers["Content-Encoding"] = "gzip"
        return answer

    def compressed_anyway(self):
        del self.request.headers["Accept-Encoding"]
        return self.compressed()

    def shorter(self):
        answer = self.usual()
        answer.body = answer.body[:-10]
        answer.length = len(answer.body)
        return answer

    def other_byte(self):
        answer = self.usual()
        answer.body = answer.body[:-1] + b"?"
        return answer

    def without_ranges(self):
        if "Range" in self.request.headers:
            del self.request.headers["Range"]
        return self.usual()

    # Pages of tags: the first has one tag, the second the rest.

    def paged(self, form):
        if self.kind != "tags" or self.request.method != "GET":
            return self.usual()
        tags = sorted(self.repository.tags)
        if "last" in self.request.query:
            return self.repository.tags_list(tags[:1] + tags)
        answer = self.repository.tags_list(tags[:1])
        path = f"/v2/{self.repository.name}/tags/list"
        answer.headers["Link"] = form.format(path=path, origin=self.request.origin)
        return answer

    def link(self):
        return self.paged('<{path}?last=a,b&n=1>; rel="next"')

    def link_absolute(self):
        return self.paged('<{origin}{path}?last=a>; title="a, b; <c>"; rel=next')

    def link_query(self):
        return self.paged('<?last=a>;rel="last next"')

    def link_among_others(self):
        return self.paged('<{path}?first=a>; rel="first", <list?last=a>; REL=Next')

    def link_of_another_scheme(self):
        return self.paged('<https:{path}?last=a>; rel="prev", <{path}?last=a>; rel="next"')

    def link_elsewhere(self):
        return self.paged('<http://127.0.0.2:1{path}?last=a>; rel="next"')

    def link_to_itself(self):
        answer = self.usual()
        answer.headers["Link"] = f'<{self.request.target}>; rel="next"'
        return answer

    def empty_pages(self):
        if self.kind != "tags":
            return self.usual()
        last = int(self.request.query.get("last", "0"))
        if last == 3:
            return self.usual()
        answer = self.repository.tags_list([] if last else None)
        answer.headers["Link"] = f'<?last={last + 1}>; rel="next"'
        return answer

    def endless_empty_pages(self):
        answer = self.usual()
        if self.kind == "tags":
            last = int(self.request.query.get("last", "0"))
            answer.headers["Link"] = f'<?last={last + 1}>; rel="next"'
        return answer

    # Connections.

    def slow(self):
        answer = self.usual()
        answer.pause = 0.0005
        return answer

    def late(self):
        time.sleep(0.05)
        return self.usual()

    def closed(self):
        raise Cut

    def lost(self):
        self.usual()
        raise Cut

    def cut(self):
        answer = self.usual()
        answer.cut = len(answer.body) // 2
        return answer

    def not_http(self):
        return None


class Registry:
    def __init__(self):
        self.repositories, self.lock = {}, threading.Lock()

    def repository(self, name):
        with self.lock:
            if name not in self.repositories:
                self.repositories[name] = Repository(name)
            return self.repositories[name]

    def answer(self, request):
        if found := re.fullmatch(r"/state/(.+)", request.path):
            return Answer(200, json.dumps(self.repository(found[1]).state()).encode())
        if request.path == "/v2/":
            return Answer(int(sys.argv[2]) if len(sys.argv) > 2 else 200, b"{}")
        name, kind, request.key = self.route(request)
        if not name:
            return refusal(404, "UNSUPPORTED")
        repository = self.repository(name)
        applies, habit = name.split("/")[:2]
        if applies != kind or (habit.startswith("link") or habit.endswith("pages")) and kind != "tags":
            return repository.answer(kind, request)
        request.number = repository.count(kind)
        return Habits(repository, kind, request).answer(habit)

    def route(self, request):
        """The repository, the kind of the request, and its tag, digest or session."""
        for pattern, kinds in [
            (r"/v2/(.+)/blobs/uploads/()", {"POST": "start"}),
            (r"/v2/(.+)/blobs/uploads/(.+)", {"PATCH": "patch", "PUT": "upload"}),
            (r"/v2/(.+)/blobs/(.+)", {"GET": "blob", "HEAD": "head-blob", "DELETE": "delete-blob"}),
            (r"/v2/(.+)/manifests/(.+)", {
                "GET": "manifest", "HEAD": "head-manifest", "PUT": "put-manifest", "DELETE": "delete-manifest"}),
            (r"/v2/(.+)/tags/list()", {"GET": "tags"}),
        ]:
            if (found := re.fullmatch(pattern, request.path)) and request.method in kinds:
                return found[1], kinds[request.method], found[2]
        return None, None, None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    disable_nagle_algorithm = True
    registry = Registry()

    def serve(self):
        self.method, self.target = self.command, self.path
        parts = urllib.parse.urlsplit(self.target)
        self.origin = f"http://{self.headers.get('Host')}"
        self.query = dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True))
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            self.path = urllib.parse.unquote(parts.path)
            self.send(self.registry.answer(self))
        except (Cut, OSError):
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    def send(self, answer):
        if answer is None:
            self.wfile.write(b"\0\1\2 this is not HTTP\r\n\r\n")
            raise Cut
        self.send_response_only(answer.status)
        is_chunked = answer.length is None
        if is_chunked and self.method != "HEAD":
            answer.headers["Transfer-Encoding"] = "chunked"
        elif not is_chunked:
            answer.headers.setdefault("Content-Length", str(answer.length))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.method == "HEAD" or answer.status in (204, 304):
            return
        body = answer.body if answer.cut is None else answer.body[:answer.cut]
        for start in range(0, len(body), 1000) if answer.pause else [0]:
            piece = body[start:start + 1000] if answer.pause else body
            if is_chunked:
                piece = b"%x\r\n%s\r\n" % (len(piece), piece) if piece else b""
            self.wfile.write(piece)
            time.sleep(answer.pause)
        if answer.cut is not None or answer.length not in (None, len(body)):
            raise Cut
        if is_chunked:
            self.wfile.write(b"0\r\n\r\n")

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = serve

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def handle_error(self, request, client_address):
        pass


if __name__ == "__main__":
    # On two addresses of the loopback interface, because another address is another host to a client.
    while True:
        server = Server(("127.0.0.1", 0), Handler)
        try:
            other = Server(("127.0.0.2", server.server_address[1]), Handler)
            break
        except OSError:
            server.server_close()
    for each in (server, other):
        threading.Thread(target=each.serve_forever, daemon=True).start()
    with open(sys.argv[1] + ".new", "w") as file:
        file.write(str(server.server_address[1]))
    os.rename(sys.argv[1] + ".new", sys.argv[1])
    sys.stdin.read()
