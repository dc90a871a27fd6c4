#!/bin/bash
. helpers.bash

printf '#!/bin/sh\necho ran\n' >"$mnt/incoming/script"; chmod 644 "$mnt/incoming/script"
blob=$(readlink -f "$mnt/committed/script")
for file in "$mnt/incoming/script" "$blob"; do
  [ ! -x "$file" ] || fail "$file is executable"
  assert_fails "Permission denied" "$file"
  [ -r "$file" ] || fail "$file is not readable"
done
# An interpreter must be able to read it, also for an ordinary user whose modes the kernel checks.
chmod 500 "$mnt/incoming/script"
[ -x "$mnt/incoming/script" ] || fail "an executable file is not executable"
assert_eq "$("$mnt/incoming/script")" ran
for directory in "$mnt" "$mnt/incoming" "$mnt/blobs/sha256"; do
  [ -x "$directory" ] || fail "$directory cannot be entered"
  (cd "$directory")
done
