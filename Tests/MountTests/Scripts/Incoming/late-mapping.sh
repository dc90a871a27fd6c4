#!/bin/bash
. helpers.bash

python3 "$scripts/late-mapping.py" "$mnt/incoming/early" early
truncate -s 8192 want; printf early | dd of=want conv=notrunc status=none
assert_committed early want
python3 "$scripts/late-mapping.py" "$mnt/incoming/late" late
printf late | dd of=want bs=1 seek=5000 conv=notrunc status=none
eventually cmp "$mnt/committed/late" want
assert_committed late want
