#!/bin/bash
. helpers.bash
. kill.bash
: "${layout:?}"

act=("$casfs" create --layout "$layout" made/a/store)
list_calls "${act[@]}" >counts
points=0 stores=0
while read -r call count <&5; do
  for ((n = 1; n <= count; n++)); do
    rm -r made
    kill_before "$call" $n "${act[@]}" || continue
    points=$((points + 1))
    if [ -e made/a/store ]; then
      stores=$((stores + 1)); "$casfs" fsck made/a/store; assert_fails 'the path already exists' "${act[@]}"
    else
      "${act[@]}"; "$casfs" fsck made/a/store
    fi
    # The next create removes the residue.
    "$casfs" create made/a/other
    assert_eq "$(ls -A made/a)" $'other\nstore'
  done
done 5<counts
[ $points -ge 10 ] && [ $stores -ge 1 ] || fail "$stores stores of $points"
echo "killed at $points points"
