from hostile_store import entries, image, tag, write_index

tag("first", image)
for n in range(20000): entries.append(dict(entries[0], annotations={"org.opencontainers.image.ref.name": "a%d/b" % n}))
write_index()
