#!/bin/bash
. helpers.bash

# The table is right: a disk has these results.
mkdir disk frozen; mkdir frozen/d; echo x >frozen/f; ln -s f frozen/l
python3 -B "$scripts/try-calls.py" disk "$top/disk"
mount --bind frozen frozen; mount -o remount,bind,ro frozen
for file in f ''; do python3 -B "$scripts/try-calls.py" disk "$top/frozen" "$file" l d; done

# The mount has them, or those that the table lists.
mkdir "$mnt/incoming/calls" "$mnt/refs/calls"; echo x >"$mnt/incoming/f"
hex=$(sha256 "$mnt/incoming/f")
python3 -B "$scripts/try-calls.py" incoming "$mnt/incoming/calls"
python3 -B "$scripts/try-calls.py" refs "$mnt/refs/calls" "sha256:$hex"
python3 -B "$scripts/try-calls.py" others "$mnt/committed" '' f calls
echo "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"digest\":\"sha256:$hex\",\"size\":2},\"layers\":[]}" >"$mnt/incoming/m"
hex=$(sha256 "$mnt/incoming/m"); echo "sha256:$hex" >"$mnt/refs/image"
python3 -B "$scripts/try-calls.py" others "$mnt/images/image" '' manifest layers
assert_fsck_clean
