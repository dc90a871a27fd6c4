#!/bin/bash
. helpers.bash
. kill.bash
. scene.bash

interrupted=0
while read -r call count <&5; do
  reset_store
  strace -f -qq -o trace -e trace="$call" -e inject="$call:error=EINTR:when=1+2" "${act[@]}" >out 2>err \
    || fail "$call: $(cat err)"
  interrupted=$((interrupted + $(grep -c INJECTED trace || true)))
  assert_intact "$call"
done 5<counts
[ $interrupted -ge 3 ]
