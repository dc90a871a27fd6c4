# Helpers that kill commands and check the store afterwards.
: "${casfs:?}" "${store:?}"

# Acknowledged changes: digests in acks, "NAME DIGEST" in tags.
: >acks; : >tags
# The file whose blob may be corrupt, or nothing.
corrupt=
# System calls that change or lock a file, or open what is changed.
changing=openat2,mkdirat,write,pwrite64,fchmod,fchown,utimensat,fsync,flock,linkat,renameat,renameat2,unlinkat,ftruncate
# The paths that belong into a store.
expected_paths='^(|/(oci-layout|index.json|refs(/[a-z0-9]+)?|blobs(/sha256(/[0-9a-f]{64})?)?))$'

# unexpected_paths: prints the paths in the store that do not belong there.
unexpected_paths() { find "$store" | sed -E "s|^$store||" | grep -vE "$expected_paths" || true; }

# assert_intact WHEN: every acknowledged change is stored, no blob except that of $corrupt is corrupt, and casfs clean
# removes all residue.
assert_intact() {
  local digest name
  if ! "$casfs" fsck "$store" >found 2>err; then
    grep -v "$(if [ "$corrupt" ]; then sha256 "$corrupt"; else echo nothing; fi)" found >wrong || true
    [ -s found ] && [ ! -s wrong ] || fail "$1: $(cat found err)"
  fi
  while read -r digest; do [ -e "$store/blobs/sha256/$digest" ] || fail "$1: $digest is lost"; done <acks
  while read -r name digest; do
    "$casfs" ref get "$store" "$name" | grep -q "sha256:$digest" || fail "$1: the tag $name is lost"
  done <tags
  "$casfs" clean "$store" >/dev/null
  assert_eq "$(unexpected_paths)" ''
}

# list_calls COMMAND…: prints the changing system calls of a command that succeeds, each as "NAME COUNT".
list_calls() {
  strace -f -qq -o trace -e trace=$changing "$@" >said 2>&1 || fail "$* failed: $(cat said)"
  sed -E 's/^[0-9]+ +([a-z0-9_]+)\(.*/\1/; t; d' trace | sort | uniq -c | awk '{ print $2, $1 }'
}

# kill_before CALL N COMMAND…: kills the command before its Nth such system call; fails if it ends before that.
kill_before() {
  local call=$1 n=$2 status=0
  shift 2
  strace -f -qq -o trace -e trace="$call" -e inject="$call:signal=KILL:when=$n" "$@" \
    >said 2>err || status=$?
  if [ $status = 137 ]; then return 0; fi
  [ $status = 0 ] || fail "$* before $call $n: status $status: $(cat err)"
  return 1
}
