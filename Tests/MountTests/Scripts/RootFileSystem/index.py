"""Replaces the entries in an index file of a layer, the argument, by bytes that are not entries. The digest fits."""

import hashlib, sys
path = sys.argv[1]
form = open(path, "rb").read()
signature = form[:form.index(b"\n") + 1]
body = form[len(signature) + 32:]
place = 0
def number():
  global place
  value = shift = 0
  while True:
    byte = body[place]
    place += 1
    value |= (byte & 127) << shift
    shift += 7
    if byte < 128: return value
def string():
  global place
  count = number()
  place += count
for _ in "blob", "content": string()
for _ in "compression", "size", "count", "length": number()
start = place
string()
body = body[:start] + bytes([3]) + b"bad" + body[place:]
open(path, "wb").write(signature + hashlib.sha256(signature + body).digest() + body)
