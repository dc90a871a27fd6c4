#!/bin/bash
. helpers.bash

# The caller belongs to group 1234, and not to 4321.
echo x >f; chgrp 1234 f; assert_eq "$(stat -c %g f)" 1234
assert_fails 'Operation not permitted' chgrp 4321 f
echo x >"$top/s"; chgrp 1234 "$top/s"; chmod 640 "$top/s"
rsync -a "$top/s" r; cp -p "$top/s" c
assert_eq "$(stat -c '%g %a' r c | sort -u)" '1234 640'
# A set-group-ID directory determines the group of new files.
mkdir d; chgrp 1234 d; chmod 2775 d
echo x >d/f; mkdir d/d
assert_eq "$(stat -c '%g %a' d/f d/d)" "$(printf '1234 644\n1234 2755')"
# A write by an ordinary user clears set-user-ID and set-group-ID.
chmod 6755 f; echo y >>f; assert_eq "$(stat -c %a f)" 755
