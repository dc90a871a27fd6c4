#!/bin/bash
# A program that answers rightly, and crashes when it is to serve: the one before goes on, as after a crash.
. helpers.bash
. keeper.bash

mkdir bin; cp "$casfs" bin/casfs
cat >crash.c <<'C'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(int count, char **words) {
  if (count > 1 && strcmp(words[1], "take-over") == 0) return puts("casfs 9.9") < 0;
  abort();
}
C
cc -o crash crash.c
bin/casfs mount --create -o keeper "$store" "$mnt"
head -c 100000 /dev/urandom >a; cp a "$mnt/incoming/a"; exec 5<"$mnt/incoming/a"
mkfifo go; python3 "$scripts/lost.py" "$mnt/incoming/f" <go >state & writer=$!; exec 6>go
eventually grep -q open state
mv crash bin/casfs
assert_fails 'the server died; casfs' "$casfs" reload "$mnt"
cmp a - <&5; exec 5<&-; cmp a "$mnt/committed/a"
exec 6>&-; wait $writer; assert_absent f
assert_eq "$("$casfs" status --json "$mnt" | jq .restarts)" 1
"$casfs" unmount "$mnt"; assert_fsck_clean
