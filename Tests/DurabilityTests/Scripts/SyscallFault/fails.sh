#!/bin/bash
. helpers.bash
. kill.bash
. scene.bash

errors=(ENOSPC EIO EDQUOT EMFILE)
texts=('No space left on device' 'Input/output error' 'Disk quota exceeded' 'Too many open files')
tries=0 failures=0
while read -r call count <&5; do
  for ((n = 1; n <= count; n++)); do
    tries=$((tries + 1)); error=${errors[tries % 4]} text=${texts[tries % 4]} status=0
    reset_store
    strace -f -qq -o trace -e trace="$call" -e inject="$call:error=$error:when=$n" "${act[@]}" \
      >out 2>err || status=$?
    grep -q INJECTED trace || continue
    if [ $status != 0 ]; then
      failures=$((failures + 1))
      assert_eq "$call $n $error: $status $(wc -l <err)" "$call $n $error: 1 1"
      case $(cat err) in 'casfs: '*": $text"*) ;; *) fail "$call $n $error: $(cat err)" ;; esac
      [ "$call" = write ] || assert_eq "$(wc -c <out)" 0
    fi
    # Even without casfs clean, unless the failing call was part of cleaning up.
    left=$(unexpected_paths)
    case "$call ${act[*]}" in unlinkat* | *' clean '*) ;; *) assert_eq "$call $n: $left" "$call $n: " ;; esac
    assert_intact_and_repeatable "$call $n $error"
  done
done 5<counts
[ $failures -ge 3 ] || fail "$failures of $tries failed"
echo "$failures of $tries failed"
