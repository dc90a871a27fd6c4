# Sourced after helpers.bash by scripts about mounts with a keeper.

# keeper_pid: prints the process id of the mount's keeper.
keeper_pid() { "$casfs" status --json "$mnt" | jq .keeper; }

# kill_server [SIGNAL]: kills the server of the mount, and returns when another answers.
kill_server() {
  local old
  old=$(daemon_pid)
  kill -"${1:-KILL}" "$old"
  [ "$(daemon_pid)" != "$old" ] || fail "process $old still answers"
}

# server_pid: prints the process id of the server, which need not answer.
server_pid() { pgrep -f "^casfs: server of $mnt\$"; }

# abort_connection: ends all requests of the mount, and with them processes that wait for an answer and ignore signals.
abort_connection() {
  local device
  umount -c -f "$mnt" || {
    device=$(awk -v place="$mnt" '$5 == place { sub(/.*:/, "", $3); print $3 }' /proc/self/mountinfo)
    [ -n "$device" ] && echo 1 >"/sys/fs/fuse/connections/$device/abort"
  } || true
} 2>/dev/null

# end_script: aborts the connection of a script that failed, so that its processes can end.
end_script() {
  local status=$?
  [ $status = 0 ] || abort_connection
  stop_jobs
  exit $status
}

# bound_time SECONDS: aborts the connection of a script that takes longer.
bound_time() {
  local fifo never
  fifo=$(mktemp -u "$top/never-XXXXXXXX"); mkfifo "$fifo"; exec {never}<>"$fifo"
  # Without another process, which would outlive the job.
  { read -r -t "$1" -u "$never" || abort_connection; } >/dev/null 2>&1 &
  exec {never}<&-
}

trap end_script EXIT
bound_time "${time_limit:-40}"
