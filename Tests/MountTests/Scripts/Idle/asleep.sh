#!/bin/bash
. helpers.bash
. latency.bash

: >latency; mount --bind latency /dev/cpu_dma_latency
asks() { ls -l "/proc/$(daemon_pid)/fd" | grep -c cpu_dma_latency || true; }
"$casfs" mount -o idle=sleep "$store" "$mnt"; assert_eq "$(asks)" 0; "$casfs" unmount "$mnt"
if [ "$(nproc)" -le 4 ]; then best=1; else best=0; fi
for option in rw idle=auto; do "$casfs" mount -o $option "$store" "$mnt"; assert_eq "$(asks)" $best; "$casfs" unmount "$mnt"; done
# Without /dev/cpu_dma_latency only idle=poll fails.
umount /dev/cpu_dma_latency
python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("s")'; mount --bind s /dev/cpu_dma_latency
assert_fails 'processors cannot be kept awake here (idle=poll): No such device' "$casfs" mount -o idle=poll "$store" "$mnt"
"$casfs" mount "$store" "$mnt"; cat "$mnt/blobs/sha256/"* >/dev/null; "$casfs" unmount "$mnt"
assert_fails 'idle is one of auto, poll, sleep' "$casfs" mount -o idle=never "$store" "$mnt"
unmount
