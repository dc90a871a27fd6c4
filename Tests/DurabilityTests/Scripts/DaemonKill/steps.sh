#!/bin/bash
. helpers.bash
. kill.bash
: "${layout:?}"

"$casfs" create --layout "$layout" "$store"
seq 1000 >old
seq 100 >c; seq 200 >>c
# use SUFFIX: changes the store through the mount until the daemon is killed; a line that succeeds is acknowledged.
use() {
  tag=making
  head -c 70000 /dev/urandom >a; cp a "$mnt/incoming/a" || return 0; sha256 a >>acks
  echo "sha256:$(sha256 a)" >digest; cp digest "$mnt/refs/a$1" || return 0; tag=moving
  mv "$mnt/refs/a$1" "$mnt/refs/b$1" || return 0; tag=moved
  cp old "$mnt/incoming/old" || return 0; sha256 old >>acks
  python3 "$scripts/write_twice.py" c "$mnt/incoming/c" || return 0; sha256 c >>acks; tag=removing
  rm "$mnt/refs/b$1" || return 0; tag=removed
}
# assert_atomic SUFFIX: the interrupted change of the tag has happened completely or not at all.
assert_atomic() {
  local there
  there=$("$casfs" ref ls "$store" | grep -xE "[ab]$1" || true)
  case "$tag/$there" in
    making/ | "making/a$1" | "moving/a$1" | "moving/b$1" | "moved/b$1" | "removing/b$1" | removing/ | removed/) ;;
    *) fail "while $tag, there is '$there'" ;;
  esac
}
points=0
for call in openat2 pwrite64 fchmod utimensat fsync flock linkat renameat renameat2 unlinkat; do
  for n in 1 2 3 4 6 9; do
    # A corrupt blob, which a copy heals.
    rm -f "$store/blobs/sha256/$(sha256 old)"; head -c 100 /dev/zero >"$store/blobs/sha256/$(sha256 old)"
    sed -i "/$(sha256 old)/d" acks
    strace -f -qq -o trace -e trace=$call -e inject=$call:signal=KILL:when=$n \
      "$casfs" mount -f -o nokeeper "$store" "$mnt" 2>err & tracer=$!
    until "$casfs" status "$mnt" >/dev/null 2>&1 || [ ! -e /proc/$tracer/exe ]; do sleep 0.02; done
    use $n$call 2>/dev/null
    "$casfs" unmount "$mnt" 2>/dev/null || true
    status=0; wait $tracer || status=$?
    if [ $status = 137 ]; then points=$((points + 1)); else assert_eq $status 0; fi
    assert_atomic $n$call; corrupt=old; assert_intact "$call $n"; corrupt=
    [ $status = 137 ] || break
    # The next mount removes the stale one.
    "$casfs" mount "$store" "$mnt"; echo $n$call >d; cp d "$mnt/incoming/d"; sha256 d >>acks
    "$casfs" unmount "$mnt"
  done
done
[ $points -ge 20 ] || fail "killed at $points points only"
echo "killed at $points points"
