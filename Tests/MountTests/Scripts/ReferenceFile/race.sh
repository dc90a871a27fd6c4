#!/bin/bash
. helpers.bash

mkdir other; $casfs mount "$store" other
for i in {1..12}; do echo "$i" | $casfs blob put "$store"; done >digests
for round in {1..10}; do
  n=0
  while read -r digest; do
    n=$((n + 1))
    case $((n % 3)) in
      0) (echo "$digest" >"$mnt/refs/r$round" && echo "$digest") ;;
      1) (echo "$digest" >"$top/other/refs/r$round" && echo "$digest") ;;
      2) ($casfs ref put "$store" "r$round" "$digest" && echo "$digest") ;;
    esac 2>/dev/null >won.$n &
  done <digests
  wait || true
  stored=$($casfs ref get "$store" "r$round" | jq -r .digest)
  # Shells ignore the error of close(2), so that only the commands' results are reliable.
  grep -qx "$stored" won.* || fail "the winner was told that it lost"
  assert_eq "$(for n in 2 5 8 11; do cat won.$n; done | grep -vcx "$stored" || true)" 0
done
assert_eq "$($casfs ref ls "$store" | wc -l)" 10
$casfs unmount other
