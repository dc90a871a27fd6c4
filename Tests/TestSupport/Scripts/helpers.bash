# The helpers of the scripts that tests run. A script finds in its environment
#   casfs    the executable,
#   top      its working directory, which is removed afterwards,
#   store    where a store is or may be made,
#   mnt      a directory to mount it on,
#   scripts  the directory of the script itself, and
#   helpers  the directory of this file.
# A command that fails ends the script, and is reported with its script and line.

: "${casfs:?}" "${top:?}" "${store:?}" "${mnt:?}" "${scripts:?}" "${helpers:?}"

set -Eeu
trap 'source=${BASH_SOURCE[0]:-line}; echo "${source##*/}:$LINENO: failed: $BASH_COMMAND" >&2' ERR

# stop_jobs: ends the background jobs of the script; a subshell must trap EXIT itself.
stop_jobs() {
  local job
  for job in $(jobs -p); do kill "$job" || true; done 2>/dev/null
  wait
}
trap stop_jobs EXIT

# fail MESSAGE…: ends the script with a message, which begins with the script and line that called the assertion.
fail() {
  local frame=0
  while [[ ${FUNCNAME[frame + 1]:-main} == assert_* || ${FUNCNAME[frame + 1]:-main} == eventually ]]; do
    frame=$((frame + 1))
  done
  local source=${BASH_SOURCE[frame + 1]:-line}
  echo "${source##*/}:${BASH_LINENO[frame]}: $*" >&2
  exit 9
}

# assert_eq ACTUAL EXPECTED: the strings are equal.
assert_eq() { [ "$1" = "$2" ] || fail "'$1' in place of '$2'"; }

# assert_fails TEXT COMMAND…: the command fails, and its output contains the text.
assert_fails() {
  local text=$1 output
  shift
  if output=$("$@" 2>&1); then fail "succeeded: $*"; fi
  case $output in *"$text"*) ;; *) fail "$* printed '$output', not '$text'" ;; esac
}

# assert_exited PID: the process has ended, whether or not its parent has waited for it.
assert_exited() { has_exited "$1" || fail "process $1 is running"; }

# has_exited PID: tells whether the process has ended.
has_exited() { [ ! -e "/proc/$1/exe" ] || ! readlink "/proc/$1/exe" >/dev/null; }

# assert_committed NAME FILE: the name is committed, and shows the content of the file everywhere.
assert_committed() {
  local digest link
  digest=$(sha256 "$2")
  link=$(readlink "$mnt/committed/$1") || fail "$1 is not committed"
  [ "${link##*/}" = "$digest" ] || fail "$1 has other content: $(wc -c <"$mnt/incoming/$1") bytes"
  cmp "$mnt/committed/$1" "$2"
  cmp "$mnt/incoming/$1" "$2"
  cmp "$store/blobs/sha256/$digest" "$2"
}

# assert_absent NAME: the name is neither in incoming nor committed.
assert_absent() {
  [ ! -e "$mnt/incoming/$1" ] || fail "$1 is in incoming"
  [ ! -L "$mnt/committed/$1" ] || fail "$1 is committed"
}

# assert_blob_count N: the store has N SHA-256 blobs, each with the content of its digest.
assert_blob_count() {
  local file count=0
  for file in "$store"/blobs/sha256/*; do
    [ -e "$file" ] || continue
    count=$((count + 1))
    [ "$(sha256 "$file")" = "${file##*/}" ] || fail "wrong content in $file"
  done
  [ "$count" = "$1" ] || fail "$count blobs in place of $1"
}

# assert_fsck_clean: casfs fsck finds no problem in the store.
assert_fsck_clean() { "$casfs" fsck "$store" || fail "fsck found problems in $store"; }

# eventually COMMAND…: the command succeeds within ten seconds.
eventually() {
  local attempt
  for attempt in {1..200}; do
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 0.05
  done
  fail "failed $attempt times: $*"
}

# sha256 FILE: prints the SHA-256 of the file in hexadecimal digits.
sha256() { sha256sum <"$1" | cut -d ' ' -f 1; }

# counter NAME: prints a counter of the mount.
counter() { "$casfs" status --json "$mnt" | jq ".counters.$1"; }

# daemon_pid: prints the process id of the mount's daemon.
daemon_pid() { "$casfs" status --json "$mnt" | jq .process; }

# last_pid: prints the process id of the mount's keeper, or of its daemon without one. The mount ends with that process.
last_pid() { "$casfs" status --json "$mnt" | jq '.keeper // .process'; }

# suspend PROCESS: stops the process, and returns when each of its threads has stopped. Until then they go on with work.
suspend() { kill -STOP "$1"; eventually is_suspended "$1"; }
is_suspended() { [ -z "$(grep -L '^State:.T' "/proc/$1/task/"*/status)" ]; }

# attach_strace ARGUMENTS…: traces the mount's daemon into the file trace, with arguments of strace(1); sets tracer.
attach_strace() {
  strace -f -qq -o trace -p "$(daemon_pid)" "$@" & tracer=$!
  eventually grep -q TracerPid:.$tracer "/proc/$(daemon_pid)/task/"*/status
}

# detach_strace: ends the trace.
detach_strace() { kill -INT "$tracer"; wait "$tracer" || true; }
