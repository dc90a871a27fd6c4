#!/bin/bash
. helpers.bash
: "${seed:?}" "${seconds:?}"

RANDOM=$seed
A=$top/a B=$top/b; mkdir "$A" "$B"
# A small image for umoci and skopeo.
umoci init --layout image 2>/dev/null; umoci new --image image:one 2>/dev/null
umoci config --image image:one --author nobody 2>/dev/null
made() { head -c $((RANDOM * (RANDOM % 30))) /dev/urandom >in; echo "$RANDOM$RANDOM" >>in; sha256 in >digest; sed s/^/sha256:/ digest >ref; }
# commands NAME: puts, tags and deletes by the command line.
commands() {
  local i
  for i in {1..8}; do
    made; "$casfs" blob put "$store" in >put; cat digest >>acks
    "$casfs" ref put "$store" "$1.$i" "$(cat ref)"
    if [ $((RANDOM % 3)) = 0 ]; then "$casfs" ref rm "$store" "$1.$i"; echo "$1.$i" - >>tags; else echo "$1.$i" "$(cat digest)" >>tags; fi
    contest "$i" "$casfs" ref put "$store"
    if [ $((RANDOM % 4)) = 0 ]; then echo "gone$RANDOM$1$i" >in; "$casfs" blob put "$store" in >put; "$casfs" blob rm "$store" "sha256:$(sha256 in)"; fi
    "$casfs" blob get "$store" "$(cat ref)" | cmp - <(cat "$A/blobs/sha256/$(cat digest)")
  done
}
# lenient COMMAND…: the command succeeds, unless a tool without locks may have undone an earlier change.
lenient() { "$@" 2>said || { [ "$isForeign" = 1 ] && grep -q 'No such file' said || fail "$(cat said)"; }; }
# contest NUMBER COMMAND…: competes with the other workers for the reference with this number.
contest() {
  local name=w$1
  shift
  if [ "$1" = cp ]; then cp ref "$2/refs/$name" 2>said || { grep -q 'File exists' said || fail "$2 $name: $(cat said)"; return 0; }
  else "$@" "$name" "$(cat ref)" 2>said || { grep -q 'different descriptor' said || fail "$name: $(cat said)"; return 0; }; fi
  echo "$name" "$(cat digest)" >>won
}
# mounted NAME DIRECTORY: puts, tags, moves and deletes through a mount.
mounted() {
  local i m=$2
  for i in {1..8}; do
    made; cp in "$m/incoming/$1.$i"; cat digest >>acks
    cp ref "$m/refs/$1.t$i"
    case $((RANDOM % 3)) in
      0) lenient mv "$m/refs/$1.t$i" "$m/refs/$1.m$i"; echo "$1.t$i" - >>tags; echo "$1.m$i" "$(cat digest)" >>tags ;;
      1) lenient rm "$m/refs/$1.t$i"; echo "$1.t$i" - >>tags ;;
      2) echo "$1.t$i" "$(cat digest)" >>tags ;;
    esac
    contest "$i" cp "$m"
    cmp in "$A/blobs/sha256/$(cat digest)"; cmp in "$B/blobs/sha256/$(cat digest)"
    if [ $((RANDOM % 4)) = 0 ]; then echo "gone$RANDOM$1$i" >in; cp in "$m/incoming/x"; rm "$m/blobs/sha256/$(sha256 in)"; fi
  done
}
# reading: every blob matches its digest, in both mounts.
reading() {
  local i blob got
  for i in {1..6}; do
    for blob in "$A"/blobs/sha256/* "$B"/blobs/sha256/*; do
      [ $((RANDOM % 5)) = 0 ] || continue
      got=$(sha256sum "$blob" 2>said) || { grep -q 'No such file' said || fail "$(cat said)"; continue; }
      assert_eq "${got%% *}" "${blob##*/}"; echo >>reads
    done
    skopeo inspect --raw "oci:$A:one" 2>said | cmp - one || fail "skopeo: $(cat said)"
    # umoci may find a change of another tool half done.
    umoci ls --layout "$store" >listed 2>said || [ "$isForeign" = 1 ] || fail "umoci: $(cat said)"
    [ "$isForeign" = 1 ] || assert_eq "$(grep -c ^one$ listed)" 1
  done
}
keeping() {
  local i
  for i in 1 2 3; do
    "$casfs" gc --all --grace 1h "$store" >/dev/null; "$casfs" clean "$store" >/dev/null
    "$casfs" fsck "$store" >found 2>said || [ $? = 1 ]
    # Files that other tools are writing are foreign; there is no other problem.
    if grep -v ^foreign found || { [ "$isForeign" = 0 ] && [ -s found ]; }; then fail "fsck: $(cat found)"; fi
  done
}
foreign() {
  local i
  for i in {1..8}; do
    skopeo copy -q --insecure-policy "oci:$top/image:one" "oci:$store:s$i" >said 2>&1 || echo "skopeo: $(cat said)" >>foreign
    umoci tag --image "$store:one" "u$i" >said 2>&1 || echo "umoci: $(cat said)" >>foreign
    umoci rm --image "$store:u$i" >said 2>&1 || echo "umoci rm: $(cat said)" >>foreign
  done
}
workers='c d m n r k f l'
for worker in $workers; do mkdir "work.$worker"; done
end=$((SECONDS + seconds)); round=0 puts=0 changes=0 reads=0 undone=0
while [ $SECONDS -lt $end ] || [ $round -lt 2 ]; do
  round=$((round + 1)); rm -rf "$store"; cp -a image "$store"
  rm -f work.*/*; for worker in $workers; do for f in acks tags won reads foreign; do : >"work.$worker/$f"; done; done
  jq -r '.manifests[0].digest' image/index.json | cut -c 8- >one.hex; cp "image/blobs/sha256/$(cat one.hex)" work.r/one
  "$casfs" mount "$store" "$A"; "$casfs" mount "$store" "$B"
  isForeign=$((round % 2 == 0))
  echo -n $round >go; jobs=()
  for work in 'commands c' 'commands d' "mounted m $A" "mounted n $B" 'reading r' 'keeping k' $([ $isForeign = 1 ] && echo foreign,f); do
    work=${work/,/ }; where=${work#* }; where=${where%% *}
    (cd "work.$where"; RANDOM=$((RANDOM + round)); $work 2>err) & jobs+=($!)
  done
  for job in "${jobs[@]}"; do wait "$job" || fail "a worker failed: $(tail -n 3 work.?/err)"; done
  eventually test -e done.$round -o -e library.failed
  [ ! -e library.failed ] || fail "the library: $(cat library.failed)"
  # The mounts' views of the store are up to a second old.
  sleep 1
  cat work.*/acks | while read -r d; do [ -e "$store/blobs/sha256/$d" ] || fail "$d is lost"; done
  lost=0
  while read -r name want; do
    got=$("$casfs" ref get "$store" "$name" 2>/dev/null | jq -r '.digest[7:]') || true
    [ "${got:--}" = "$want" ] || lost=$((lost + 1))
    got=$(jq -r '.digest[7:]' "$A/refs/$name" 2>/dev/null) || true
    [ "${got:--}" = "$want" ] || lost=$((lost + 1))
  done < <(cat work.*/tags work.*/won)
  twice=$(cat work.*/won | cut -d ' ' -f 1 | sort | uniq -d | wc -l)
  [ $isForeign = 1 ] || assert_eq "$lost $twice $(cat work.*/won | wc -l)" "0 0 8"
  "$casfs" unmount "$A"; "$casfs" unmount "$B"
  assert_fsck_clean
  "$casfs" clean "$store" >/dev/null; assert_eq "$(ls -A "$store")" $'blobs\nindex.json\noci-layout'
  puts=$((puts + $(cat work.*/acks | wc -l))) changes=$((changes + $(cat work.*/tags work.*/won | wc -l)))
  reads=$((reads + $(cat work.*/reads | wc -l))) undone=$((undone + lost))
done
printf end >go
echo "seed $seed: $round rounds, $puts puts and $reads reads, none lost or wrong; $changes changes of references,"
echo "of which tools that lock nothing undid $undone, and others none"
