#!/bin/bash
. helpers.bash
: "${call:?}" "${error:?}" "${message:?}" "${layout:?}"

"$casfs" create --layout "$layout" "$store"; seq 9 >a; "$casfs" blob put "$store" a
digest=sha256:$(sha256 a)
"$casfs" ref put "$store" other "$digest"; find "$store" | sort >before
failures=0
for n in {1..9}; do
  status=0
  strace -f -qq -o trace -e trace="$call" -e inject="$call:error=$error:when=$n" "$casfs" ref put "$store" t "$digest" \
    >out 2>err || status=$?
  if ! grep -q INJECTED trace; then assert_eq $status 0; break; fi
  failures=$((failures + 1))
  assert_eq "$n: $status $(wc -l <err)" "$n: 1 1"
  case $(cat err) in 'casfs: '*": $message") ;; *) fail "said: $(cat err)" ;; esac
  "$casfs" ref rm "$store" t
  find "$store" | sort | cmp before
  assert_eq "$("$casfs" ref ls "$store")" other
done
[ $failures -ge 1 ] || fail 'it never failed'
"$casfs" fsck "$store"
