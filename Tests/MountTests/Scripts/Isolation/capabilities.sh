#!/bin/bash
. helpers.bash

# CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_SYS_PTRACE, CAP_SYS_ADMIN, CAP_LEASE.
kept=$(printf %016x $((1 << 0 | 1 << 1 | 1 << 3 | 1 << 19 | 1 << 21 | 1 << 28))) none=0000000000000000
"$casfs" create "$store"; head -c 3000000 /dev/urandom >a
for option in rw auto_unmount read=splice; do
  "$casfs" mount -o $option "$store" "$mnt"; daemon=$(daemon_pid)
  cp a "$mnt/incoming/a"; cmp a "$mnt/committed/a"; ls "$mnt/images" "$mnt/blobs/sha256" >/dev/null
  # All threads.
  for set in CapPrm:$kept CapEff:$kept CapBnd:$kept CapInh:$none CapAmb:$none NoNewPrivs:1; do
    assert_eq "$(cat "/proc/$daemon/task/"*/status | grep "^${set%:*}:" | sort -u)" "${set%:*}:"$'\t'"${set#*:}"
  done
  for file in /proc/"$daemon"/fdinfo/*; do
    descriptor=${file##*/}
    [ "$descriptor" -gt 2 ] || continue
    # A descriptor that was closed since the listing is not kept by exec.
    flags=$(sed -n 's/^flags:\t//p' "$file" 2>/dev/null) || continue
    [ $((flags & 02000000)) != 0 ] || fail "exec keeps $(readlink "/proc/$daemon/fd/$descriptor")"
  done
  "$casfs" unmount "$mnt"; assert_exited "$daemon"
done
