#!/bin/bash
. helpers.bash

chmod 777 .
# That user may be unable to reach the project.
install -m 644 "$scripts/groups-as-user.sh" "$helpers/helpers.bash" "$top"
export PATH=$top:$PATH
# A disk, for comparison.
mkdir disk; chown 65534:65534 disk
for place in disk $mnt/incoming; do
  (cd "$place"; setpriv --reuid=65534 --regid=65534 --groups=1234 bash "$top/groups-as-user.sh")
done
