#!/bin/bash
. helpers.bash
: "${call:?}" "${error:?}" "${message:?}"

"$casfs" create "$store"; seq 100000 >a; seq 9 >b
"$casfs" blob put "$store" b
find "$store" | sort >before
failures=0
# Fails each such call of the command in turn.
for n in {1..20}; do
  status=0
  strace -f -qq -o trace -e trace="$call" -e inject="$call:error=$error:when=$n" "$casfs" blob put "$store" a \
    >out 2>err || status=$?
  if ! grep -q INJECTED trace; then assert_eq $status 0; break; fi
  failures=$((failures + 1))
  assert_eq "$n: $status $(wc -l <err) $(wc -c <out)" "$n: 1 1 0"
  case $(cat err) in 'casfs: '*": $message") ;; *) fail "said: $(cat err)" ;; esac
  # A blob that has its name but may not be durable is not residue: it is complete, and a repeated put makes it durable.
  "$casfs" blob rm "$store" "sha256:$(sha256 a)"
  find "$store" | sort | cmp before
done
[ $failures -ge 1 ] || fail 'it never failed'
"$casfs" fsck "$store"; assert_blob_count 2
