#!/bin/bash
. helpers.bash
. "$scripts/replay.bash"
: "${seed:?}" "${seconds:?}"

RANDOM=$seed
umoci init --layout image 2>/dev/null
umoci new --image image:v1 2>/dev/null

# put TOOL TAG: makes a tag with a tool, or with its recording; remove TOOL TAG: removes it, if the tool can.
put() {
  echo "? $2" >>acknowledged
  case $1 in
    skopeo) skopeo copy -q --insecure-policy oci:image:v1 "oci:$mnt:$2" && acknowledge "$2" "$(manifest)" ;;
    umoci)
      umoci config --image "$mnt:base" --author "$2" --tag "$2" && acknowledge "$2" "$(named "$2")" ;;
    *) python3 "$scripts/replay.py" "$mnt" "$1" "$2" >"put-$2" && acknowledge "$2" "$(cat "put-$2")" ;;
  esac
}
remove() {
  local verb
  verb=$(removal "$1") || return 0
  echo "? $2" >>acknowledged
  python3 "$scripts/replay.py" "$mnt" "$verb" "$2" && acknowledge "$2" -
}
acknowledge() { [ -n "$2" ] && echo "$2 $1" >>acknowledged; }
manifest() { jq -r '.manifests[0].digest' image/index.json; }
named() {
  jq -r --arg name "$1" '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == $name) | .digest' \
    "$mnt/index.json"
}

# write TOOL PREFIX: makes and removes tags until the round ends. A failure counts unless the round kills.
write() {
  local number=0
  while [ ! -e stop ]; do
    { put "$1" "$2-$number" && { ((number % 3)) || remove "$1" "$2-$number"; }; } 2>>"log-$2" ||
      [ -e killing ] || { tail -n 1 "log-$2" >>failures; echo "$1 failed for $2-$number" >>failures; }
    number=$((number + 1))
  done
}

tools=(
  skopeo umoci skopeo-copy oras-cp crane-pull crane-pull-index regctl-image-copy buildx-oci-dir buildx-cache-to umoci-new umoci-config
)
put skopeo base
rounds=0
writers=0
daemons=0
end=$((SECONDS + seconds))
while ((SECONDS < end)); do
  rm -f stop killing
  # One round in three kills writers. As root, one kills the daemon: see below.
  kind=$((rounds % 3))
  ((kind < 2 || UID == 0)) || kind=1
  ((kind == 0)) || touch killing
  pids=()
  mix=()
  for number in 1 2 3 4; do
    tool=${tools[RANDOM % ${#tools[@]}]}
    mix+=("$tool")
    write "$tool" "$rounds-$number" & pids+=($!)
  done
  (while [ ! -e stop ]; do
    umoci gc --layout "$mnt" 2>log-gc || [ -e killing ] || tail -n 1 log-gc >>failures
  done) & pids+=($!)
  sleep 2.$((RANDOM % 10))
  case $kind in
    1)
      # pgrep(1) reads the state of every process, and waits for one that executes a program meanwhile.
      for pid in "${pids[@]}"; do
        for child in $(cat "/proc/$pid/task/$pid/children" 2>/dev/null || true); do
          kill -9 "$child" 2>/dev/null && writers=$((writers + 1))
        done
      done ;;
    2)
      kill -9 "$(daemon_pid)"; daemons=$((daemons + 1))
      # A daemon that is killed while it waits for the lock of a directory, to drop a name from the kernel's cache, keeps the
      # connection open, and the process with the lock waits for its answer. Only an abort by root ends both.
      umount -c -f "$mnt" 2>/dev/null || true ;;
  esac
  touch stop
  for pid in "${pids[@]}"; do wait "$pid" || true; done
  if ((kind == 2)); then
    # The abort unmounts too if no process uses the mount.
    ! grep -q " $mnt " /proc/self/mountinfo || umount -l "$mnt" 2>/dev/null || fusermount3 -uz "$mnt"
    # A daemon that is killed while it replaces the index leaves a temporary file (D3).
    "$casfs" clean "$store" >/dev/null
    "$casfs" mount -o nokeeper,removal_grace=20 "$store" "$mnt"
  fi
  [ ! -e failures ] || fail "seed $seed, round $rounds (${mix[*]}): $(head -n 4 failures)"
  assert_acknowledged >checked || fail "seed $seed, round $rounds (${mix[*]})"
  rounds=$((rounds + 1))
done
echo "seed $seed: $rounds rounds, $writers commands and $daemons daemons killed, $(cat checked)"
