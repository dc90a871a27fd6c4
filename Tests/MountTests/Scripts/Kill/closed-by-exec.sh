#!/bin/bash
. helpers.bash

printf whole >want
for i in 1 2 3; do timeout 20 python3 "$scripts/closed-by-exec.py" "$mnt/incoming/f$i"; assert_committed f$i want; done
# The child's execve(2) closes the descriptor; the opener goes on.
timeout 20 python3 -c '
import subprocess, sys
with open(sys.argv[1], "wb") as f:
  f.write(b"wh"); f.flush()
  for i in range(5): subprocess.run(["/bin/true"], check=True)
  f.write(b"ole")
' "$mnt/incoming/g"
assert_committed g want
assert_blob_count 1; assert_fsck_clean
