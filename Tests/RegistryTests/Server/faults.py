"""Injected faults.

A fault is a JSON object: `on`, a pattern of "METHOD PATH?QUERY" that starts at the method; `times`, how often it
happens (1; -1 is always); `skip`, how many matching requests are spared first; and the effect:

  refuse: true          the connection ends without an answer
  silent: SECONDS       no answer for SECONDS, then the connection ends
  late: SECONDS         the answer is delayed by SECONDS
  status: N             the answer has this status, `headers` and `body`
  take: N               N bytes of the request's body are read, then the connection ends
  lost: true            the request is carried out, then the connection ends
  whole: true           a Range is ignored
  cut: N                N bytes of the answer's body are sent, then the connection ends
  flip: N               the byte at this offset of the answer's body is changed
  drop: N, add: N       the body is N bytes shorter or longer, with the right Content-Length
  slow: SECONDS         each KiB of the body takes SECONDS
  claim: {NAME: VALUE}  these headers are sent in place of the true ones; null sends none
  replace: TEXT         the answer's body, with the right Content-Length
"""

import re
import threading
import time

from web import Cut, Response


class Faults:
    """The pending faults."""

    def __init__(self):
        self.waiting, self.lock, self.met = [], threading.Lock(), 0

    def add(self, fault):
        re.compile(fault["on"])
        with self.lock:
            self.waiting.append(dict(fault))

    def clear(self, on=None):
        """Removes those with the pattern, or all."""
        with self.lock:
            self.waiting = [fault for fault in self.waiting if on and fault["on"] != on]

    def take(self, request):
        """The fault of this request; empty without one."""
        with self.lock:
            for fault in self.waiting:
                if not re.match(fault["on"], f"{request.method} {request.target}"):
                    continue
                if fault.get("skip", 0) > 0:
                    fault["skip"] -= 1
                    continue
                self.met += 1
                fault["times"] = fault.get("times", 1) - 1
                if fault["times"] == 0:
                    self.waiting.remove(fault)
                return fault
        return {}


def before(fault, request):
    """Applies a fault before the request is carried out: returns an answer in place of the true one, or None."""
    time.sleep(fault.get("late", 0))
    if "silent" in fault:
        time.sleep(fault["silent"])
        raise Cut("silent")
    if "refuse" in fault:
        raise Cut("refused")
    if "take" in fault:
        left = fault["take"]
        for piece in request.pieces():
            left -= len(piece)
            if left <= 0:
                break
        raise Cut("request cut")
    if "whole" in fault:
        del request.headers["Range"]
    if "status" in fault:
        return Response(fault["status"], fault.get("headers"), fault.get("body", "").encode())
    return None


def after(fault, response):
    """Applies a fault to the answer."""
    if "lost" in fault:
        raise Cut("answer lost")
    if "replace" in fault:
        response.body = fault["replace"].encode()
        response.headers["Content-Length"] = str(len(response.body))
    length = int(response.headers["Content-Length"])
    if "drop" in fault:
        response.filters.append(lambda pieces: limited(pieces, length - fault["drop"]))
        response.headers["Content-Length"] = str(length - fault["drop"])
    if "add" in fault:
        response.filters.append(lambda pieces: (piece for part in (pieces, [bytes(fault["add"])]) for piece in part))
        response.headers["Content-Length"] = str(length + fault["add"])
    if "flip" in fault:
        response.filters.append(lambda pieces: flipped(pieces, fault["flip"]))
    if "slow" in fault:
        response.filters.append(lambda pieces: slowed(pieces, fault["slow"]))
    if "cut" in fault:
        response.filters.append(lambda pieces: ending(limited(pieces, fault["cut"])))
    for name, value in fault.get("claim", {}).items():
        for known in [known for known in response.headers if known.lower() == name.lower()]:
            del response.headers[known]
        if value is not None:
            response.headers[name] = value
    return response


def limited(pieces, count):
    for piece in pieces:
        if count > 0:
            yield piece[:count]
        count -= len(piece)
        if count <= 0:
            return


def flipped(pieces, offset):
    for piece in pieces:
        if 0 <= offset < len(piece):
            piece = piece[:offset] + bytes([piece[offset] ^ 1]) + piece[offset + 1:]
        offset -= len(piece)
        yield piece


def slowed(pieces, seconds):
    for piece in pieces:
        for start in range(0, len(piece), 1024):
            time.sleep(seconds)
            yield piece[start:start + 1024]


def ending(pieces):
    yield from pieces
    raise Cut("cut")
