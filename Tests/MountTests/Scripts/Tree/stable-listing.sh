#!/bin/bash
. helpers.bash

for i in {1..2000}; do echo "$i"; done | split -l 1 -a 4 - s; "$casfs" blob put "$store" s???? | sed s/sha256:// | sort >all
python3 "$scripts/stable-listing.py" "$mnt" "$store"
