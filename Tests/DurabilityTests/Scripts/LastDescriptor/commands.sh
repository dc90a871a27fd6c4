#!/bin/bash
. helpers.bash

"$casfs" create "$store"; seq 100 >a; head -c 100000 /dev/urandom >new; "$casfs" blob put "$store" a
"$casfs" ref put "$store" a "sha256:$(sha256 a)"; find "$store" | sort >before
least=4; until prlimit --nofile=$least "$casfs" --version; do least=$((least + 1)); done
failures=0
for ((limit = least; limit < least + 8; limit++)); do
  for command in "blob put $store new" "ref put $store b sha256:$(sha256 a)" "ref rm $store b" "blob ls $store" \
    "blob get $store a" "fsck $store" "gc --grace 1h $store" "clean $store" "create $top/other"; do
    status=0
    # shellcheck disable=SC2086 # a command with its arguments
    prlimit --nofile=$limit "$casfs" $command >out 2>err || status=$?
    if [ $status != 0 ]; then
      failures=$((failures + 1)); assert_eq "$command: $status $(wc -l <err)" "$command: 1 1"
      grep -q '^casfs: .*: Too many open files' err || fail "$command: $(cat err)"
    fi
    rm -rf other "$store/blobs/sha256/$(sha256 new)"; "$casfs" ref rm "$store" b
    find "$store" | sort | cmp before; assert_eq "$(find "$top" -maxdepth 1 -name '.casfs*')" ''
  done
done
[ $failures -ge 8 ] || fail "$failures failures"
