"""Access control: basic credentials, or expiring tokens that are issued for them."""

import base64
import json
import secrets
import threading
import time
import urllib.parse

from web import Response, failure


class Access:
    """`settings["access"]` is "none", "basic" or "token"; `settings["users"]` has NAME: [PASSWORD, "pull,push,…"]."""

    def __init__(self, settings):
        self.settings, self.lock = settings, threading.Lock()
        # The permissions of each token, as pairs of a repository and an action, and its expiry.
        self.tokens = {}

    def refusal(self, request):
        """The response to a request without permission; None for one with permission."""
        how = self.settings.get("access", "none")
        if how == "none":
            return None
        kind, _, secret = request.headers.get("Authorization", "").partition(" ")
        name, actions = self.wanted(request)
        if how == "basic":
            allowed = self.allowed(secret) if kind == "Basic" else None
            challenge = 'Basic realm="registry"'
        else:
            allowed = self.scope(secret, name) if kind == "Bearer" else None
            realm = self.settings.get("realm") or f"{request.origin}/token"
            scope = f',scope="repository:{name}:{actions}"' if name else ""
            challenge = f'Bearer realm="{realm}",service="registry"{scope}'
        is_enough = allowed is not None and (not name or actions.split(",")[-1] in allowed)
        if is_enough:
            return None
        if how == "basic" and allowed is not None:
            return failure(403, "DENIED", "requested access to the resource is denied")
        return failure(401, "UNAUTHORIZED", "authentication required", {"WWW-Authenticate": challenge})

    def wanted(self, request):
        """The repository and the actions that a request requires, the decisive one last."""
        parts = request.path.removeprefix("/v2/").split("/")
        for kind in ("tags", "manifests", "blobs", "referrers"):
            if kind in parts:
                action = {"GET": "pull", "HEAD": "pull", "DELETE": "delete"}.get(request.method, "pull,push")
                return "/".join(parts[: parts.index(kind)]), action
        return None, ""

    def allowed(self, secret):
        """The permissions of basic credentials; None when they are wrong."""
        try:
            user, _, password = base64.b64decode(secret).decode().partition(":")
        except ValueError:
            return None
        known = self.settings.get("users", {}).get(user)
        return known[1].split(",") if known and known[0] == password else None

    def scope(self, token, name):
        with self.lock:
            scopes, end = self.tokens.get(token, ((), 0))
        if end < time.monotonic():
            return None
        return [action for scope, action in scopes if scope == name]

    def expire(self):
        """Ends all tokens."""
        with self.lock:
            self.tokens.clear()

    def token(self, request):
        """The token service: GET with basic credentials, or POST with a refresh token, which is a password here."""
        kind, _, secret = request.headers.get("Authorization", "").partition(" ")
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(request.target).query)
        if request.method == "POST":
            query = urllib.parse.parse_qs(request.content().decode())
            refresh = query.get("refresh_token", [None])[0]
            allowed = next((may.split(",") for known, may in self.users() if known == refresh), None)
        elif kind == "Basic":
            allowed = self.allowed(secret)
        else:
            allowed = self.settings.get("anonymous", "").split(",")
        if allowed is None:
            return failure(401, "UNAUTHORIZED", "incorrect username or password")
        token, seconds = secrets.token_urlsafe(24), self.settings.get("token_seconds", 300)
        with self.lock:
            self.tokens[token] = (granted(query.get("scope", []), allowed), time.monotonic() + seconds)
        body = {"token": token, "access_token": token, "expires_in": max(int(seconds), 1)}
        return Response(200, {"Content-Type": "application/json"}, json.dumps(body).encode())

    def users(self):
        return self.settings.get("users", {}).values()


def granted(scopes, allowed):
    """The requested permissions `repository:NAME:ACTION,…` that are granted, as pairs."""
    parts = [scope.split(":", 1)[1].rpartition(":") for scopes in scopes for scope in scopes.split()]
    return {(name, action) for name, _, actions in parts for action in actions.split(",") if action in allowed}
