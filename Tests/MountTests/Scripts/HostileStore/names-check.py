names = ["x" * 255, "%252e%252e", "%25", "%252F", "top", "top%2Fbelow", "top%2Fbelow%2Fdeeper", "\u00e9", "e\u0301",
    "-rf", "a b", "two", "two/parts", "two/more", ".hidden", "top%252Fbelow", "a:b@c", "\u202eevil",
    "'\"$(false)`false`"]
found = eval(open("refs").read())
assert found == sorted(names), found
images = eval(open("images").read())
tops = [p for p in images if "/" not in p or p.startswith("two/")]
unnamed = [p for p in tops if p.startswith("@sha256:")]
assert len(unnamed) == 1 and sorted(set(tops) - set(unnamed)) == sorted(names), tops
