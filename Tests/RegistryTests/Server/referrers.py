"""Lists of referrers, as the OCI Distribution specification has them, in pages of which each links to the next."""

import json

from web import Response

INDEX = "application/vnd.oci.image.index.v1+json"


def listed(store, name, subject):
    """The descriptors of the manifests in a repository whose subject is a digest."""
    for digest in store.names(name, "manifests"):
        with open(store.content(digest), "rb") as file:
            content = file.read()
        value = json.loads(content)
        if value.get("subject", {}).get("digest") == subject:
            kind = store.read(name, "manifests", digest)
            yield {"mediaType": kind, "digest": digest, "size": len(content),
                   "artifactType": value.get("artifactType") or value.get("config", {}).get("mediaType"),
                   "annotations": value.get("annotations", {})}


def page(request, name, subject, found, size):
    """The part of a list that a request asks for; filtered if it asks for a type."""
    headers = {"Content-Type": INDEX}
    if kind := request.query.get("artifactType"):
        found, headers["OCI-Filters-Applied"] = [entry for entry in found if entry["artifactType"] == kind], "artifactType"
    start = int(request.query.get("start", 0))
    if start + size < len(found):
        headers["Link"] = f'</v2/{name}/referrers/{subject}?start={start + size}>; rel="next"'
    body = {"schemaVersion": 2, "mediaType": INDEX, "manifests": found[start:start + size]}
    return Response(200, headers, json.dumps(body).encode())
