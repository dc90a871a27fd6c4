#!/bin/bash
. helpers.bash
. power.bash

prepare
# The calls succeed and do nothing.
cat >without <<E
#!/bin/sh
exec strace -f -qq -o /dev/null -e trace=fsync -e inject=fsync:retval=0 "$casfs" "\$@"
E
chmod +x without; real=$casfs
mount_without "$top/without"
eval "$act"
casfs=$real
if cut_power "$survived"; then fail "survived without fsync(2)"; fi
finish
