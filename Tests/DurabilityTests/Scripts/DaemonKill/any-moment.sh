#!/bin/bash
. helpers.bash
. kill.bash
: "${seed:?}" "${seconds:?}"

RANDOM=$seed
end=$((SECONDS + seconds)); kills=0; round=0
# run_and_kill COMMAND…: runs a command, and kills it after at most 60 milliseconds.
run_and_kill() {
  local status=0
  timeout -s KILL "0.$(printf %03d $((RANDOM % 60 + 1)))" "$@" >said 2>/dev/null || status=$?
  [ $status != 137 ] || echo >>kills
  return $status
}
putting() {
  cd "$1"
  for i in {1..6}; do
    head -c $((RANDOM * (RANDOM % 40))) /dev/urandom >in
    if run_and_kill "$casfs" blob put "$store" in; then cut -c 8- said >>acks; else continue; fi
    digest=$(sha256 in)
    if run_and_kill "$casfs" ref put "$store" "$1r$round$i" "sha256:$digest"; then echo "$1r$round$i" "$digest" >>tags; fi
  done
}
collecting() {
  cd "$1"
  for i in {1..6}; do
    for _ in 1 2 3; do echo "$RANDOM$RANDOM" >in; "$casfs" blob put "$store" in >put; old=$(sha256 in)
      touch -d '2 days ago' "$store/blobs/sha256/$old"; done
    run_and_kill "$casfs" gc "$store" || true
    run_and_kill "$casfs" clean "$store" || true
    run_and_kill "$casfs" create "$top/$1/new" || true
    # The next create removes the residue of a killed one.
    [ "$i" != 6 ] || [ -e "$top/$1/new" ] || "$casfs" create "$top/$1/new"
    if [ -e "$top/$1/new" ]; then "$casfs" fsck "$top/$1/new" || exit 8; rm -r "$top/$1/new"; fi
  done
}
copying() {
  cd "$1"
  for i in {1..200}; do
    head -c $((RANDOM * (RANDOM % 20))) /dev/urandom >in
    cp in "$mnt/incoming/$1$i" || return 0; sha256 in >>acks
    [ $((i % 4)) = 0 ] || continue
    echo "sha256:$(sha256 in)" >digest; cp digest "$mnt/refs/$1r$round$i" || return 0; echo "$1r$round$i" "$(sha256 in)" >>tags
  done
}
workers='p q g c d'
for worker in $workers; do mkdir "$worker"; done
while [ $SECONDS -lt $end ]; do
  if [ $((round % 20)) = 0 ]; then
    rm -rf "$store"; : >acks; : >tags
    "$casfs" create --layout "$([ $((RANDOM % 2)) = 0 ] && echo index || echo refs)" "$store"
  fi
  round=$((round + 1))
  for worker in $workers; do : >"$worker/acks"; : >"$worker/tags"; : >"$worker/kills"; done
  "$casfs" mount -o nokeeper "$store" "$mnt"; daemon=$(daemon_pid)
  jobs=()
  for work in 'putting p' 'putting q' 'collecting g' 'copying c' 'copying d'; do
    (RANDOM=$((RANDOM + round)); $work 2>err) & jobs+=($!)
  done
  sleep "0.$(printf %03d $((RANDOM % 700)))"
  kill -KILL "$daemon"; kills=$((kills + 1))
  for job in "${jobs[@]}"; do wait "$job" || fail "a worker failed: $(cat ./?/err)"; done
  cat ./?/acks >>acks; cat ./?/tags >>tags; kills=$((kills + $(cat ./?/kills | wc -l)))
  assert_intact "round $round"
  assert_eq "$(find "$top/g" -name '.casfs-tmp-*' | wc -l)" 0
done
[ $kills -ge $round ]
echo "seed $seed: $kills killed in $round rounds"
