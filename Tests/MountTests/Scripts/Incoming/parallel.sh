#!/bin/bash
. helpers.bash

for w in {1..8}; do
  mkdir "w$w"; for i in {1..20}; do head -c $((RANDOM * 8)) /dev/urandom >"w$w/$i"; done
done
for w in {1..8}; do (cp -r "w$w" "$mnt/incoming/") & done; wait
for w in {1..8}; do for i in {1..20}; do assert_committed "w$w/$i" "w$w/$i"; done; done
assert_eq "$(counter commits)" 160
