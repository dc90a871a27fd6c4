#!/bin/bash
# Programs that cannot go on with a mount.
# shellcheck disable=SC2034 # keeper.bash uses it
time_limit=80
. helpers.bash
. keeper.bash

# install_program FILE: replaces the installed program, as a package does.
install_program() { install -m 755 "$1" bin/new; mv bin/new bin/casfs; }
# install_script LINE…: replaces it by a script.
install_script() { printf '#!/bin/sh\n'; printf '%s\n' "$@"; } >script
assert_refused() {
  install_program script
  assert_fails "$1" "$casfs" reload "$mnt"
  assert_eq "$(daemon_pid) $("$casfs" status --json "$mnt" | jq .reloads)" "$server 0"
  printf x >&7
}

mkdir bin; install_program "$casfs"
bin/casfs mount --create -o keeper "$store" "$mnt"
server=$(daemon_pid)
exec 7>"$mnt/incoming/f"
install_script 'echo too old; exit 3'; assert_refused 'cannot take the mount over: too old'
install_script 'exit 64'; assert_refused 'cannot take the mount over: exit status 64'
install_script 'kill -SEGV $$'; assert_refused 'cannot take the mount over: exit status 139'
install_script 'echo hello'; assert_refused 'cannot take the mount over: exit status 0'
install_script 'exec /usr/bin/yes'; assert_refused 'is not casfs'
# Its answer is right, and it cannot be executed by its open file.
install_script 'echo casfs 9.9'; assert_refused "replace the program by $top/bin/casfs: No such file or directory"
rm bin/casfs; assert_fails 'No such file or directory' "$casfs" reload "$mnt"
# One that hangs, and meanwhile a second request.
install_script 'exec /usr/bin/sleep 100'; install_program script
"$casfs" reload "$mnt" 2>hung & job=$!
eventually pgrep -f '^/usr/bin/sleep 100'
assert_fails 'another reload is under way' "$casfs" reload "$mnt"
if wait $job; then fail 'a program that hangs was accepted'; fi
grep -q 'does not answer' hung
"$casfs" status "$mnt" | grep 'reload_error.*does not answer'
printf x >&7
# The next version of the package.
install_program "$casfs"
case $(readlink "/proc/$server/exe") in *deleted*) ;; *) fail 'the program was not replaced' ;; esac
assert_eq "$("$casfs" reload "$mnt")" "$("$casfs" --version)"
assert_eq "$(daemon_pid) $(readlink "/proc/$server/exe")" "$server $top/bin/casfs"
printf x >&7; exec 7>&-; printf xxxxxxxx >content; assert_committed f content
# Servers that follow run it too.
kill_server
assert_eq "$(readlink "/proc/$(daemon_pid)/exe")" "$top/bin/casfs"
"$casfs" unmount "$mnt"; assert_fsck_clean
assert_fails 'no store is mounted' "$casfs" reload "$mnt"
assert_fails 'wrong usage' "$casfs" reload
"$casfs" mount -o nokeeper "$store" "$mnt"
assert_fails 'the mount has no keeper' "$casfs" reload "$mnt"
kill -KILL "$(daemon_pid)"
assert_fails 'reload' "$casfs" reload "$mnt"
