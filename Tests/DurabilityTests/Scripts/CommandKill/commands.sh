#!/bin/bash
. helpers.bash
. kill.bash
. scene.bash

grep -q fsync counts || grep -q unlinkat counts || fail "no change: $(cat counts)"
points=0
while read -r call count <&5; do
  for ((n = 1; n <= count; n++)); do
    reset_store
    kill_before "$call" $n "${act[@]}" || continue
    points=$((points + 1))
    assert_intact_and_repeatable "$call $n"
    assert_intact "again after $call $n"
  done
done 5<counts
[ $points -ge 3 ] || fail "killed at $points points only"
echo "killed at $points points"
