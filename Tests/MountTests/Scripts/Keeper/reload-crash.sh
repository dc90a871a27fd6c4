#!/bin/bash
# A program that answers rightly, and crashes when it is to serve: the one before goes on, as after a crash.
# shellcheck disable=SC2034 # keeper.bash uses it
time_limit=80
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
# reloads: prints the counts of reloads, and of those that failed, the last reason, and the number of dead servers.
reloads() { "$casfs" status --json "$mnt" | jq -r '[.reloads, .reload_failures, .reload_error, .restarts] | @tsv'; }
assert_eq "$(reloads)" "$(printf '0\t1\tthe installed version was killed by signal 6\t1')"
kill_server; assert_eq "$(reloads)" "$(printf '0\t1\tthe installed version was killed by signal 6\t2')"
# A server that does not answer keeps no command waiting.
server=$(daemon_pid); suspend "$server"
assert_fails 'the server does not answer' "$casfs" reload "$mnt"
"$casfs" status --format openmetrics "$mnt" | grep '^casfs_up{.*} 0$'
kill -CONT "$server"
install -m 755 "$casfs" bin/new; mv bin/new bin/casfs
"$casfs" reload "$mnt"; assert_eq "$(reloads)" "$(printf '1\t0\t\t2')"
kill_server; assert_eq "$(reloads)" "$(printf '1\t0\t\t3')"
"$casfs" unmount "$mnt"; assert_fsck_clean
