"""A registry with injected faults: `registry.py FOLDER [SETTINGS]`.

It stores its content in FOLDER, and writes its ports into FOLDER/ports as NAME=NUMBER and a line of JSON about each
request into FOLDER/log, with the time and the number of concurrent requests. SETTINGS is a JSON object:

  address    to listen on; without, 127.0.0.1, and 127.0.0.2 for what is redirected to
  port       the first port to listen on; without, any
  tls        [CERTIFICATE, KEY], and the authority of client certificates if they are demanded
  upstream   HOST:PORT of a registry to forward requests to; without, this is one itself
  access     "none", "basic" or "token", with users, anonymous, realm and token_seconds: see access.py
  page       the number of tags per page; with endless, the pages never end
  redirect   where blobs are, as the URL before NAME/DIGEST; "storage" is the second port of this server
  referrers  whether it lists referrers, in pages too
  deletes_tags, mounts, absolute   whether it deletes tags, mounts blobs, gives absolute locations

The control port is for the tests: POST /faults adds a fault (see faults.py), DELETE /faults removes those of a pattern,
POST /settings changes settings, POST /expire ends all tokens, GET /quiet answers when no request is under way, so that
the log is complete, and GET /faults answers with the number of requests that met a fault.
"""

import json
import os
import sys
import threading
import time

import faults
from access import Access
from store import Store
from upstream import Upstream
from web import Response, Server, failure

SHOWN = ["Range", "Content-Range", "Authorization", "Accept", "User-Agent"]


class Registry:
    """The registry, the storage it redirects to, and the control port of both."""

    def __init__(self, folder, settings):
        self.folder, self.settings, self.faults, self.lock = folder, settings, faults.Faults(), threading.Lock()
        self.under_way, self.quiet = 0, threading.Condition(self.lock)
        self.access, self.store = Access(settings), Store(folder, settings)
        address, port = settings.get("address"), settings.get("port", 0)
        self.main = Server((address or "127.0.0.1", port), self.answer, self.noted("main"), settings.get("tls"))
        # Another host to its clients.
        self.storage = Server((address or "127.0.0.2", 0), self.stored, self.noted("storage"))
        self.control = Server(("127.0.0.1", 0), self.controlled)
        scheme = "https" if settings.get("tls") else "http"
        self.origin = "{}://{}:{}".format(scheme, *self.main.server_address)
        self.change({})

    def change(self, settings):
        self.settings.update(settings)
        if self.settings.get("redirect") == "storage":
            self.settings["redirect"] = "http://{}:{}".format(*self.storage.server_address)

    def begin(self, request):
        with self.lock:
            self.under_way += 1
            request.beside, request.at = self.under_way - 1, time.time()
        request.fault = self.faults.take(request)

    def answer(self, request):
        self.begin(request)
        host = request.headers.get("Host")
        request.origin = f"{self.origin.split(':')[0]}://{host}" if host else self.origin
        response = faults.before(request.fault, request) or self.carried_out(request)
        return faults.after(request.fault, response)

    def carried_out(self, request):
        if request.path in ("/token", "/token/moved"):
            return self.access.token(request)
        if refusal := self.access.refusal(request):
            return refusal
        if "upstream" in self.settings:
            return Upstream(self.settings["upstream"]).answer(request)
        return self.store.answer(request)

    def stored(self, request):
        self.begin(request)
        response = faults.before(request.fault, request) or self.store.part(request, request.path.split("/")[-1])
        return faults.after(request.fault, response)

    def controlled(self, request):
        value = json.loads(request.content() or "{}")
        match (request.method, request.path):
            case ("POST", "/faults"): self.faults.add(value)
            case ("DELETE", "/faults"): self.faults.clear(value.get("on"))
            case ("POST", "/settings"): self.change(value)
            case ("POST", "/expire"): self.access.expire()
            case ("GET", "/quiet"): self.wait()
            case ("GET", "/faults"): return Response(200, body=str(self.faults.met).encode())
            case _: return failure(404, "UNSUPPORTED", "no such control")
        return Response(204)

    def wait(self):
        with self.lock:
            self.quiet.wait_for(lambda: self.under_way == 0, timeout=2)

    def noted(self, port):
        def note(request, response, sent, reason=None):
            line = {
                "at": request.at, "beside": request.beside, "port": port, "method": request.method, "target": request.target,
                "status": response.status if response else 0, "received": request.received, "sent": sent,
                "fault": {key: value for key, value in request.fault.items() if key != "replace"},
                "reason": reason,
            }
            line.update({name.lower(): request.headers.get(name) for name in SHOWN})
            with self.lock, open(f"{self.folder}/log", "a") as file:
                file.write(json.dumps(line) + "\n")
                self.under_way -= 1
                self.quiet.notify_all()

        return note

    def run(self):
        for server in (self.storage, self.control):
            threading.Thread(target=server.serve_forever, daemon=True).start()
        ports = {name: getattr(self, name).server_port for name in ("main", "storage", "control")}
        with open(f"{self.folder}/ports.new", "w") as file:
            file.writelines(f"{name}={port}\n" for name, port in ports.items())
        os.replace(f"{self.folder}/ports.new", f"{self.folder}/ports")
        self.main.serve_forever()


if __name__ == "__main__":
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    Registry(folder, json.loads(sys.argv[2]) if len(sys.argv) > 2 else {}).run()
