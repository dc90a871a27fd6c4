"""Access control: basic credentials, or expiring tokens that are issued for them."""

import base64
import json
import secrets
import threading
import time
import urllib.parse

from web import Response, failure


class Access:
    """`settings["access"]` is "none", "basic" or "token"; `settings["users"]` has NAME: [PASSWORD, "pull,push,…"].

    Further settings of tokens, as registries differ in them:

      public        the repositories for whose pull a caller without an account gets a token; for others 401
      probe         the status of GET /v2/, whatever it is sent
      placeholder   the scope of the challenge of GET /v2/
      inner         the name that a repository has in scopes, by its name in paths
      challenges    the challenges in place of one; {realm} and {scope} are replaced
      denial        the status for a token that does not permit the request, 401 unless given
      token_post    the status of the token service for POST
      token_reply   members of its replies; null leaves one out
    """

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
            realm = self.settings.get("realm") or f"{request.origin}/token"
            name = self.settings.get("inner", {}).get(name, name)
            scope = f"repository:{name}:{actions}" if name else self.settings.get("placeholder", "")
            allowed = self.scope(secret, name) if kind == "Bearer" else None
            challenge = f'Bearer realm="{realm}",service="registry"' + (f',scope="{scope}"' if scope else "")
            if "challenges" in self.settings:
                challenge = self.settings["challenges"].replace("{realm}", realm).replace("{scope}", scope)
        is_enough = allowed is not None and (not name or actions.split(",")[-1] in allowed)
        if not name and "probe" in self.settings:
            status = self.settings["probe"]
            headers = {"WWW-Authenticate": challenge} if status == 401 else {}
            return failure(status, "UNKNOWN", "the probe is refused", headers)
        if is_enough:
            return None
        if how == "basic" and allowed is not None:
            return failure(403, "DENIED", "requested access to the resource is denied")
        status = 401 if allowed is None else self.settings.get("denial", 401)
        return failure(status, "UNAUTHORIZED", "authentication required", {"WWW-Authenticate": challenge})

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
        if request.method == "POST" and "token_post" in self.settings:
            return failure(self.settings["token_post"], "UNSUPPORTED", "no POST here")
        if request.method == "POST":
            query = urllib.parse.parse_qs(request.content().decode())
            refresh = query.get("refresh_token", [None])[0]
            allowed = next((may.split(",") for known, may in self.users() if known == refresh), None)
        elif kind == "Basic":
            allowed = self.allowed(secret)
        else:
            allowed = self.settings.get("anonymous", "").split(",")
            if "public" in self.settings:
                known = {f"repository:{name}:pull" for name in self.settings["public"]}
                allowed = ["pull"] if set(query.get("scope", [])) <= known else None
        if allowed is None:
            return failure(401, "UNAUTHORIZED", "incorrect username or password")
        token, seconds = secrets.token_urlsafe(24), self.settings.get("token_seconds", 300)
        with self.lock:
            self.tokens[token] = (granted(query.get("scope", []), allowed), time.monotonic() + seconds)
        body = {"token": token, "access_token": token, "expires_in": max(int(seconds), 1)}
        body |= self.settings.get("token_reply", {})
        body = {name: token if value == "{token}" else value for name, value in body.items() if value is not None}
        return Response(200, {"Content-Type": "application/json"}, json.dumps(body).encode())

    def users(self):
        return self.settings.get("users", {}).values()


def granted(scopes, allowed):
    """The requested permissions `repository:NAME:ACTION,…` that are granted, as pairs."""
    parts = [scope.split(":", 1)[1].rpartition(":") for scopes in scopes for scope in scopes.split()]
    return {(name, action) for name, _, actions in parts for action in actions.split(",") if action in allowed}
