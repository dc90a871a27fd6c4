#!/bin/bash
. helpers.bash

"$casfs" mount --create "$store" "$mnt"
python3 "$scripts/reused-number.py" "$mnt"
"$casfs" unmount "$mnt"
