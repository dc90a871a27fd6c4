#!/bin/bash
. helpers.bash
. latency.bash

: >latency; mount --bind latency /dev/cpu_dma_latency
"$casfs" mount -o idle=poll "$store" "$mnt"
python3 "$scripts/awake.py" "$mnt/blobs/sha256/"*
unmount
