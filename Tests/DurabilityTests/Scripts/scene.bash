# Makes the store of a scene in the layout $layout, prepared by $before, with the files one, old and two; sets act to
# $command, and writes its system calls to counts.
: "${casfs:?}" "${store:?}" "${layout:?}" "${before?}" "${command:?}" "${again:?}" "${may_corrupt?}"

head -c 3000000 /dev/urandom >one; seq 1000 >old; head -c 300000 /dev/urandom >two
"$casfs" create --layout "$layout" "$store"
"$casfs" blob put "$store" one old
"$casfs" ref put "$store" one "sha256:$(sha256 one)"; "$casfs" ref put "$store" moves "sha256:$(sha256 old)"
sha256 one >acks; echo "one $(sha256 one)" >tags
touch -d '1 minute ago' "$store"/blobs/sha256/*
eval "$before"
cp -a "$store" template; cp tags tags.before
declare -a act
eval "act=($command)"

# reset_store: makes the store again as it was before the command.
reset_store() { rm -rf "$store"; cp -a template "$store"; cp tags.before tags; }

# shellcheck disable=SC2034 # assert_intact reads corrupt
# assert_intact_and_repeatable WHEN: the store is intact except for the blob of $may_corrupt, and $again succeeds.
assert_intact_and_repeatable() {
  corrupt=$may_corrupt
  assert_intact "$1"
  corrupt=
  (eval "$again") >said 2>&1 || fail "again after $1: $(cat said)"
}

list_calls "${act[@]}" >counts
