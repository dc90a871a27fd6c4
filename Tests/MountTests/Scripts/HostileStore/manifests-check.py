names = [name[2:] for name in open("listed").read().split("\0") if name]
assert len(names) == len(set(names)) == 13, names
assert all(len(name.encode()) <= 255 and name not in (".", "..") and "/" not in name for name in names), names
