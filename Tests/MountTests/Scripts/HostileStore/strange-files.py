from hostile_store import blobs, image, layer, tag, write_index

names = [b"..foo", b"a\nb", b"\xff\xfe", b"%2e", b"x" * 255, b"-rf", b"\x1b[31m", layer.upper().encode(),
    layer.encode() + b"0", b".casfs-tmp-1", "e\u0301".encode()]
for name in names: open(blobs + name, "wb").write(b"x")
tag("a", image)
write_index()
