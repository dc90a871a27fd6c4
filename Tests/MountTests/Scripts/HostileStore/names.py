from hostile_store import image, tag, write_index

hostile = ["../../etc/passwd", "..", ".", "/abs", "a//b", "c/", "new\nline", "\x1b[2J", "nul\0x", "w" * 4097,
    "y" * 256, "z" * 4096, "e/../f", "del\x7f", ""]
odd = ["x" * 255, "%2e%2e", "%", "%2F", "top", "top/below", "top/below/deeper", "\u00e9", "e\u0301", "-rf", "a b",
    "two/parts", "two/more", ".hidden", "top%2Fbelow", "a:b@c", "\u202eevil", "'\"$(false)`false`"]
for name in hostile + odd: tag(name, image)
write_index()
