#!/bin/bash
. helpers.bash
. keeper.bash

head -c 3000000 /dev/urandom >big; head -c 1000 /dev/urandom >small
for file in big small; do cp $file "$mnt/incoming/$file"; "$casfs" ref put "$store" "dir/$file" "sha256:$(sha256 $file)"; done
mkdir many; for i in {1..400}; do echo "$i" >"many/$i"; done; "$casfs" blob put "$store" many/* >/dev/null
mkfifo commands replies
python3 "$scripts/readers.py" "$mnt" "$(sha256 big)" "$(sha256 small)" <commands >replies & reader=$!
# times: prints the times of directories, and of files that are always there.
times() { (cd "$mnt" && stat -c '%n %y %z' . blobs blobs/sha256 oci-layout); }
before=$(times)
exec 5>commands 6<replies
read -r line <&6; assert_eq "$line" open
for round in 1 2; do
  kill_server
  echo go >&5; read -r line <&6; assert_eq "$round $line" "$round read"
done
# A request that the server had when it died.
suspend "$(daemon_pid)"
cat "$mnt/blobs/sha256/$(sha256 small)" >copy & waiting=$!
ls "$mnt/refs/dir" >names & listing=$!
kill -KILL "$(server_pid)"
wait $waiting; cmp small copy
wait $listing; assert_eq "$(cat names)" "$(printf 'big\nsmall')"
exec 5>&-; wait $reader
assert_eq "$(times)" "$before"
assert_eq "$("$casfs" status --json "$mnt" | jq .restarts)" 3
"$casfs" unmount "$mnt"; assert_fsck_clean
