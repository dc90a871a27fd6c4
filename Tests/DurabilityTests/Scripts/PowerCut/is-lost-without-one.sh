#!/bin/bash
# Leaves out each fsync(2) in turn, and compares the files whose fsync is needed with the lines of $needed.
. helpers.bash
. power.bash
: "${needed:?}"

real=$casfs; : >lost
for n in 1 2 3 4 5 6; do
  casfs=$real; prepare
  printf '#!/bin/sh\nexec strace -f -y -A -qq -o trace -e trace=fsync -e inject=fsync:retval=0:when=%s %s "$@"\n' \
    $n "$casfs" >without
  chmod +x without; : >trace
  mount_without ./without
  eval "$act"
  casfs=$real
  # Each of several commands leaves out its own.
  left=$(grep INJECTED trace | sed -E 's/.*fsync\([0-9]+<([^>]*)>(.*)\) += .*/\1\2/' | tail -n 1 || true)
  if [ "$left" ] && ! cut_power "$survived"; then echo "${left#"$store"}" >>lost; fi
  finish
  [ "$left" ] || break
done
sed -E 's/^$/\//; s/[0-9a-f]{64}$/HEX/; s/(tmp-)[0-9a-f]+$/\1/; s/.*\(deleted\)/(deleted)/' lost >got
echo "$needed" | cmp - got || fail "needed: $(cat lost)"
