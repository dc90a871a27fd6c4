"""Writes a file, the first argument, to the second in two parts, and checks close(2), whose error shells ignore."""

import os, sys
content = open(sys.argv[1], "rb").read()
file = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
for part in content[:500], content[500:]:
  while part: part = part[os.write(file, part):]
os.close(file)
