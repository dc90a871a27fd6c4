#!/bin/bash
. helpers.bash

mkdir other; $casfs mount "$store" other
echo a >"$mnt/incoming/a"; echo b >"$mnt/incoming/b"
python3 "$scripts/move-race.py" "$mnt" "$top/other"
$casfs unmount other
