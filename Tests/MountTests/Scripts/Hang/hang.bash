# Helpers of the scripts for requests that block.
: "${casfs:?}" "${store:?}" "${mnt:?}"

# SIGQUIT must leave no core files.
ulimit -c 0

# delay_calls CALL SECONDS [FILE]: delays each such system call of the daemon, on one file or on all; sets tracer.
delay_calls() { attach_strace ${3:+-P "$3"} -e trace="$1" -e inject="$1:delay_enter=$2s"; }

# default_signals COMMAND…: runs a command with the default action of SIGINT and SIGQUIT, which background jobs ignore.
default_signals() { exec env --default-signal=INT,QUIT "$@"; }

# assert_killed_by SIGNAL JOB: the signal kills the background job within three seconds.
assert_killed_by() {
  local status=0 since
  since=$(date +%s%N)
  kill "-$1" "$2"; wait "$2" 2>/dev/null || status=$?
  assert_eq "$1 $status" "$1 $((128 + $(kill -l "$1")))"
  [ $(($(date +%s%N) - since)) -lt 3000000000 ] || fail "$1 took too long"
}

# assert_prompt COMMAND…: the command succeeds within five seconds.
assert_prompt() { timeout 5 "$@" >/dev/null || fail "status $?: $*"; }

# mount_big_and_small BYTES: mounts a store of the blobs big, with so many bytes, and small; sets big to the path of the
# one in the mount, and copy to its path in the store.
mount_big_and_small() {
  head -c "$1" /dev/urandom >big; seq 100 >small; "$casfs" create "$store"; "$casfs" blob put "$store" big small
  big=$mnt/blobs/sha256/$(sha256 big) copy=$store/blobs/sha256/$(sha256 big); export big copy; "$casfs" mount "$store" "$mnt"
}

# assert_blocks COMMAND…: the command is still running after half a second, and a signal ends it.
assert_blocks() {
  local status=0
  timeout -k 3 -s INT 0.5 "$@" >/dev/null 2>&1 || status=$?
  assert_eq "$* $status" "$* 124"
}
