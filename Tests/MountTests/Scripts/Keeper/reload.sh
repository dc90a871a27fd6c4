#!/bin/bash
# Replaces the program of the server under open files of all kinds, and under readers and writers.
# shellcheck disable=SC2034 # keeper.bash uses it
time_limit=170
. helpers.bash
. keeper.bash
: "${rounds:?}"

head -c 3000000 /dev/urandom >big; head -c 1000 /dev/urandom >small; echo gone >gone; echo tagged >tagged
for file in big small tagged; do "$casfs" ref put "$store" "dir/$file" "sha256:$("$casfs" blob put "$store" $file | sed s/sha256://)"; done
"$casfs" blob put "$store" gone >/dev/null
mkdir many; for i in {1..400}; do echo "$i" >"many/$i"; done; "$casfs" blob put "$store" many/* >/dev/null
server=$(daemon_pid); keeper=$(keeper_pid)
python3 "$scripts/reload.py" "$mnt" "$store" "$casfs" "$rounds" "$(sha256 big)" "$(sha256 small)" "$(sha256 gone)"
assert_eq "$(daemon_pid) $(keeper_pid)" "$server $keeper"
assert_eq "$("$casfs" status --json "$mnt" | jq -r '"\(.reloads) \(.restarts) \(.reload_failures) \(.open_files)"')" "$rounds 0 0 0"
assert_eq "$(pgrep -fc "^casfs: server of $mnt\$")" 1
# Blobs that were just put stay open for a while. The server has four pipes, and libfuse makes one for each thread
# that splices, so that their number depends on how many requests were served concurrently.
has_few_descriptors() {
  local files pipes threads
  files=$(find "/proc/$server/fd" -not -lname 'pipe:*' | wc -l)
  pipes=$(find "/proc/$server/fd" -lname 'pipe:*' | wc -l)
  threads=$(find "/proc/$server/task" -mindepth 1 -maxdepth 1 | wc -l)
  [ "$files" -lt 52 ] && [ "$pipes" -le $((8 + 2 * threads)) ]
}
eventually has_few_descriptors
"$casfs" unmount "$mnt"; assert_fsck_clean
