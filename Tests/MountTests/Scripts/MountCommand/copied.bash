# Mounts a store, lets a new mount namespace have a copy of the mount until `end_copy`, and begins to unmount it. The
# command has said on standard error, in the file err, that it waits.
"$casfs" create "$store"; "$casfs" mount "$store" "$mnt"; daemon=$(last_pid)
mkfifo end
unshare -m --propagation private bash -c 'echo >ready; read -r _ <end' & holder=$!
eventually test -e ready
"$casfs" unmount "$mnt" 2>err & unmounting=$!
eventually grep -q . err
end_copy() { echo >end; wait $holder; }
