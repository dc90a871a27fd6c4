"""A registry's own store, in a folder, and the requests of the OCI Distribution specification to it."""

import hashlib
import json
import os
import re
import threading
import urllib.parse
import uuid

import referrers
from web import Response, Slice, failure

NAME = r"(?P<name>[a-z0-9]+(?:[._/-][a-z0-9]+)*)"
DIGEST = re.compile(r"(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})")
BYTES = "application/octet-stream"


def unknown(kind, what):
    return failure(404, f"{kind}_UNKNOWN", f"{kind.lower()} unknown: {what}")


def digest_of(pieces, algorithm="sha256"):
    hash = hashlib.new(algorithm)
    for piece in pieces:
        hash.update(piece)
    return f"{algorithm}:{hash.hexdigest()}"


class Store:
    """Content is in `blobs/DIGEST`, the entries of a repository in `repositories/NAME`."""

    def __init__(self, folder, settings):
        self.folder, self.settings, self.lock = folder, settings, threading.RLock()
        os.makedirs(f"{folder}/blobs", exist_ok=True)
        os.makedirs(f"{folder}/uploads", exist_ok=True)
        self.routes = [(re.compile(f"/v2/{NAME}/{rest}"), action) for rest, action in [
            ("tags/list", self.tags),
            ("manifests/(?P<reference>[^/]+)", self.manifest),
            ("referrers/(?P<digest>[^/]+)", self.referrers),
            ("blobs/uploads/", self.start),
            ("blobs/uploads/(?P<id>[0-9a-f-]+)", self.upload),
            (r"blobs/(?P<digest>[^/]+)", self.blob),
        ]]

    def answer(self, request):
        if request.path == "/v2/":
            return Response(200, {"Docker-Distribution-API-Version": "registry/2.0"}, b"{}")
        for pattern, action in self.routes:
            if found := pattern.fullmatch(request.path):
                return action(request, **found.groupdict())
        return failure(404, "UNSUPPORTED", f"no such place: {request.path}")

    # Entries of a repository.

    def place(self, name, kind, key=""):
        return f"{self.folder}/repositories/{name}/_{kind}/{key}"

    def read(self, name, kind, key):
        try:
            with open(self.place(name, kind, key)) as file:
                return file.read()
        except OSError:
            return None

    def write(self, name, kind, key, text=""):
        with self.lock:
            os.makedirs(self.place(name, kind), exist_ok=True)
            with open(self.place(name, kind, key), "w") as file:
                file.write(text)

    def names(self, name, kind):
        try:
            return sorted(os.listdir(self.place(name, kind)))
        except OSError:
            return []

    def remove(self, name, kind, key):
        with self.lock:
            if self.read(name, kind, key) is None:
                return False
            os.remove(self.place(name, kind, key))
            return True

    def content(self, digest):
        return f"{self.folder}/blobs/{digest}"

    # Tags and manifests.

    def tags(self, request, name):
        if not os.path.isdir(self.place(name, "")[:-2]):
            return unknown("NAME", name)
        tags = [tag for tag in self.names(name, "tags") if tag > request.query.get("last", "")]
        if self.settings.get("endless"):
            tags = [f"t{int(request.query.get('last', 't0')[1:]) + number:09}" for number in range(1, 102)]
        page = min(int(request.query.get("n", 1 << 30)), self.settings.get("page", 1 << 30))
        headers = {"Content-Type": "application/json"}
        if page and len(tags) > page:
            last = urllib.parse.quote(tags[page - 1])
            headers["Link"] = f'</v2/{name}/tags/list?n={page}&last={last}>; rel="next"'
        body = {"name": name, "tags": tags[:page]}
        return Response(200, headers, json.dumps(body).encode())

    def manifest(self, request, name, reference):
        is_digest = DIGEST.fullmatch(reference)
        if request.method == "PUT":
            return self.put_manifest(request, name, reference)
        if request.method == "DELETE":
            return self.delete_manifest(name, reference, is_digest)
        digest = reference if is_digest else self.read(name, "tags", reference)
        kind = digest and self.read(name, "manifests", digest)
        if not kind:
            return unknown("MANIFEST", reference)
        return Response(
            200, {"Content-Type": kind, "Docker-Content-Digest": digest}, Slice(self.content(digest)))

    def put_manifest(self, request, name, reference):
        body = request.content()
        try:
            value = json.loads(body)
        except ValueError:
            return failure(400, "MANIFEST_INVALID", "manifest invalid: no JSON")
        digest = digest_of([body], reference.split(":")[0] if DIGEST.fullmatch(reference) else "sha256")
        if ":" in reference and reference != digest:
            return failure(400, "DIGEST_INVALID", f"provided digest did not match uploaded content: {digest}")
        for part in [value.get("config"), *value.get("layers", [])]:
            if part and self.read(name, "layers", part["digest"]) is None:
                return failure(404, "MANIFEST_BLOB_UNKNOWN", f"blob unknown to registry: {part['digest']}")
        for part in value.get("manifests", []):
            if self.read(name, "manifests", part["digest"]) is None:
                return failure(404, "MANIFEST_UNKNOWN", f"manifest unknown to registry: {part['digest']}")
        with open(self.content(digest), "wb") as file:
            file.write(body)
        self.write(name, "manifests", digest, request.headers.get("Content-Type", BYTES))
        if ":" not in reference:
            self.write(name, "tags", reference, digest)
        headers = {"Location": f"/v2/{name}/manifests/{digest}", "Docker-Content-Digest": digest}
        if "subject" in value and self.settings.get("referrers"):
            headers["OCI-Subject"] = value["subject"]["digest"]
        return Response(201, headers)

    def referrers(self, request, name, digest):
        if not self.settings.get("referrers"):
            return failure(404, "UNSUPPORTED", "no lists of referrers")
        found = list(referrers.listed(self, name, digest))
        return referrers.page(request, name, digest, found, self.settings.get("page", 1 << 30))

    def delete_manifest(self, name, reference, is_digest):
        if not is_digest and not self.settings.get("deletes_tags", True):
            return failure(405, "UNSUPPORTED", "The operation is unsupported.")
        if not self.remove(name, "manifests" if is_digest else "tags", reference):
            return unknown("MANIFEST", reference)
        for tag in self.names(name, "tags") if is_digest else []:
            if self.read(name, "tags", tag) == reference:
                self.remove(name, "tags", tag)
        return Response(202)

    # Blobs.

    def blob(self, request, name, digest):
        if not DIGEST.fullmatch(digest):
            return failure(400, "DIGEST_INVALID", f"no digest: {digest}")
        if self.read(name, "layers", digest) is None:
            return unknown("BLOB", digest)
        if request.method == "DELETE":
            self.remove(name, "layers", digest)
            return Response(202)
        if redirect := self.settings.get("redirect"):
            return Response(307, {"Location": f"{redirect}/{name}/{digest}"})
        return self.part(request, digest)

    def part(self, request, digest):
        """The blob, or the requested range of it."""
        path = self.content(digest)
        size = os.path.getsize(path)
        headers = {"Content-Type": BYTES, "Docker-Content-Digest": digest, "Accept-Ranges": "bytes"}
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("Range", ""))
        if not asked:
            return Response(200, headers, Slice(path))
        start, end = int(asked[1]), min(int(asked[2] or size), size - 1)
        if start > end:
            return Response(416, {"Content-Range": f"bytes */{size}"})
        headers["Content-Range"] = f"bytes {start}-{end}/{size}"
        return Response(206, headers, Slice(path, start, end - start + 1))

    # Uploads.

    def location(self, request, path):
        if self.settings.get("absolute", False):
            return f"{request.origin}{path}"
        return path

    def start(self, request, name):
        if (digest := request.query.get("mount")) and self.settings.get("mounts"):
            if self.read(request.query.get("from", ""), "layers", digest) is not None:
                return self.stored(name, digest)
        id = str(uuid.uuid4())
        open(f"{self.folder}/uploads/{id}", "w").close()
        if digest := request.query.get("digest"):
            return self.finish(request, name, id, digest)
        return self.accepted(request, 202, name, id)

    def accepted(self, request, status, name, id):
        end = max(os.path.getsize(f"{self.folder}/uploads/{id}") - 1, 0)
        location = self.location(request, f"/v2/{name}/blobs/uploads/{id}?state={end}")
        return Response(status, {"Location": location, "Range": f"0-{end}", "Docker-Upload-UUID": id})

    def upload(self, request, name, id):
        path = f"{self.folder}/uploads/{id}"
        if not os.path.exists(path):
            return failure(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")
        if request.method == "GET":
            return self.accepted(request, 204, name, id)
        if request.method == "DELETE":
            os.remove(path)
            return Response(204)
        start = re.fullmatch(r"(\d+)-\d+", request.headers.get("Content-Range", ""))
        if start and int(start[1]) != os.path.getsize(path):
            return self.accepted(request, 416, name, id)
        if request.method == "PUT":
            return self.finish(request, name, id, request.query.get("digest", ""))
        self.append(request, path)
        return self.accepted(request, 202, name, id)

    def append(self, request, path):
        with open(path, "ab") as file:
            for piece in request.pieces():
                file.write(piece)

    def finish(self, request, name, id, digest):
        path = f"{self.folder}/uploads/{id}"
        self.append(request, path)
        if not DIGEST.fullmatch(digest) or digest_of(Slice(path).pieces(), digest.split(":")[0]) != digest:
            os.remove(path)
            return failure(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
        os.replace(path, self.content(digest))
        return self.stored(name, digest)

    def stored(self, name, digest):
        self.write(name, "layers", digest)
        return Response(201, {"Location": f"/v2/{name}/blobs/{digest}", "Docker-Content-Digest": digest})
