import TestSupport
import Testing

/// `casfs mount`, `unmount` and `status`, and what mount(8) makes of them.
@Suite(.needs(.fuse)) struct MountCommandTests {
  @Test("M1: the mount is usable when the command returns, and its daemon outlives the caller")
  func usable() throws {
    try ScriptedMount().check(
      """
      for i in 1 2 3; do
        setsid bash -c '"$casfs" mount --create $store $mnt && ls $mnt/blobs >/dev/null && exec kill -KILL $$' || true
        echo $i >$mnt/incoming/f
        is "$("$casfs" status --json $mnt | jq -r .store)" "dir:$store"
        server=$(server)
        is "$(readlink /proc/$server/cwd)" /
        for fd in 0 1 2; do is "$(readlink /proc/$server/fd/$fd)" /dev/null; done
        "$casfs" unmount $mnt
        gone $server
        is "$(ls -A $mnt)" ''
      done
      blobs 3
      """)
  }

  @Test("M1: the daemon holds nothing of its caller's, and obeys signals that the caller ignored")
  func inherits() throws {
    try ScriptedMount().check(
      """
      : >lock
      (trap '' INT TERM; exec 9<lock; flock 9; "$casfs" mount --create $store $mnt | cat)
      flock -n lock true
      server=$(server); kill -INT $server
      eventually gone $server
      is "$(ls -A $mnt)" ''
      """)
  }

  @Test("M1: paths may be relative, have spaces, commas and backslashes")
  func paths() throws {
    try ScriptedMount().check(
      #"""
      mkdir 'a b' 'm, \x'; cd 'a b'
      "$casfs" mount --create './s,t\ore' '../m, \x'
      echo x >'../m, \x/incoming/f'; is "$(cat s,t\\ore/blobs/sha256/*)" x
      "$casfs" unmount '../m, \x'
      # A comma with an accent is a comma.
      cd ..; marked=$'s,\u0301\\\u0301,ro'
      "$casfs" mount --create $marked $mnt
      echo x >$mnt/incoming/f
      is "$(awk -v place=$mnt '$2 == place { print $1 }' /proc/self/mounts)" "$PWD/${marked//\\/\\134}"
      """#)
  }

  @Test("M1: a mount that cannot be says why, on one line, and leaves nothing")
  func refusals() throws {
    try ScriptedMount().check(
      #"""
      fails() {
        local status=$1 why=$2 got=0; shift 2
        "$casfs" "$@" >out 2>err || got=$?
        is $got $status; is "$(wc -l <err)" 1
        case $(cat err) in casfs:*"$why"*) ;; *) fail "said: $(cat err)" ;; esac
      }
      fails 1 "$store: No such file" mount $store $mnt
      "$casfs" create $store; : >file; mkdir full; : >full/x; mkdir bad
      fails 1 "No such file" mount $store absent
      fails 1 "Not a directory" mount $store file
      fails 1 "not empty" mount $store full
      fails 1 "oci-layout" mount bad $mnt
      for word in frobnicate rwx ro=1 verify=never umask=9 uid=x; do
        fails 64 "${word%%=*}" mount -o ro,$word $store $mnt
        fails 64 "${word%%=*}" mount -f -o $word $store $mnt
      done
      fails 64 "" mount $store
      fails 1 "" unmount $mnt
      fails 1 "" status $mnt
      is "$(grep -c "$top" /proc/self/mountinfo || true)" 0
      "$casfs" mount -o nonempty $store full; "$casfs" unmount full; [ -e full/x ]
      "$casfs" mount $store $mnt
      exec 3<$mnt/index.json; fails 1 "busy" unmount $mnt; exec 3<&-
      """#)
  }

  @Test("M1: in the foreground it serves until a signal comes", arguments: ["INT", "TERM", "HUP"])
  func foreground(signal: String) throws {
    try ScriptedMount().check(
      """
      "$casfs" create $store
      set -m; "$casfs" mount -f -o ro $store $mnt 2>log & job=$!; set +m
      eventually test -d $mnt/blobs
      is "$(server)" $job
      kill -\(signal) $job; wait $job
      is "$(ls -A $mnt)" ''
      """)
  }

  @Test("M2: a stale mount is cleaned up by the next mount, and can be unmounted")
  func stale() throws {
    try ScriptedMount.mounted().check(
      """
      for i in 1 2; do
        kill -KILL $(server)
        eventually bash -c '! ls $mnt'
        refused 'not connected' ls $mnt
        "$casfs" mount $store $mnt; echo $i >$mnt/incoming/f
        is "$(grep -c " $mnt " /proc/self/mountinfo)" 1
      done
      kill -KILL $(server); eventually bash -c '! ls $mnt'
      "$casfs" unmount $mnt
      is "$(grep -c " $mnt " /proc/self/mountinfo || true)" 0
      blobs 2
      """)
  }

  @Test("M2 M3: with auto_unmount a killed daemon leaves no stale mount")
  func autoUnmount() throws {
    // fusermount3 must be let in, to see that nobody answers there any more.
    try ScriptedMount.mounted("auto_unmount", "allow_root").check(
      """
      kill -KILL $(server)
      eventually bash -c '! grep -q " $mnt " /proc/self/mountinfo'
      is "$(ls -A $mnt)" ''
      """)
  }

  @Test("M3: the words that others use and add are taken, alone and together; nosuid and nodev hold")
  func words() throws {
    try ScriptedMount().check(
      """
      "$casfs" create $store
      words="ro rw allow_other allow_root default_permissions fsname=me subtype=x max_read=65536 nonempty uid=7 gid=8 \\
        umask=027 defaults dev nodev suid nosuid exec noexec sync async dirsync atime noatime relatime auto noauto user \\
        nouser nofail _netdev x-systemd.automount x-a=b auto_unmount"
      for word in $words; do
        "$casfs" mount -o $word $store $mnt || fail "refused: $word"
        ls $mnt/blobs >/dev/null || fail "not usable: $word"
        grep " $mnt " /proc/self/mountinfo | grep -q 'nosuid,nodev' || fail "not nosuid, nodev: $word"
        "$casfs" unmount $mnt
      done
      for words in -oro -oread=copy -overify=always,ro; do "$casfs" mount $words $store $mnt; "$casfs" unmount $mnt; done
      "$casfs" mount $store $mnt -o ro,rw,fsname=me,uid=7,gid=8 -o umask=027,dev,suid,x-a=b,nofail
      is "$(stat -c '%u %g %a' $mnt/blobs)" '7 8 750'
      is "$(findmnt -n -o SOURCE,FSTYPE $mnt | tr -s ' ')" 'me fuse.casfs'
      """)
  }

  @Test("M4: without a verb it mounts, as mount.fuse3 calls it")
  func noVerb() throws {
    try ScriptedMount().check(
      """
      "$casfs" create $store
      "$casfs" $store $mnt -o ro,dev,suid
      refused 'Read-only file system' touch $mnt/incoming/f
      """)
  }

  @Test("M4: mount -t fuse.casfs and an fstab line work", .needs(.root, .tools("mount.fuse3", "unshare")))
  func mountProgram() throws {
    try ScriptedMount().check(
      #"""
      "$casfs" create $store; echo x | "$casfs" blob put $store
      cat >inside <<'E'
      . ./prelude
      mount -t tmpfs none /usr/local/bin; ln -s $casfs /usr/local/bin/casfs
      mount -t fuse.casfs $store $mnt -o ro
      ls $mnt/blobs/sha256 | grep -q .
      refused 'Read-only file system' touch $mnt/incoming/f
      umount $mnt
      echo "$store $mnt fuse.casfs rw,nofail,x-a=b 0 0" >fstab
      mount -T fstab $mnt
      echo y >$mnt/incoming/f
      is "$(findmnt -n -o FSTYPE $mnt)" fuse.casfs
      umount $mnt
      E
      unshare -m -p --fork --kill-child --mount-proc --propagation private bash inside
      blobs 2
      """#)
  }

  @Test("M5: an ordinary user mounts through fusermount3", .needs(.root, .tools("setpriv", "unshare")))
  func ordinaryUser() throws {
    try ScriptedMount().check(
      #"""
      chmod 777 . mnt; chmod 666 prelude
      cat >inside <<'E'
      . ./prelude
      mknod fuse c 10 229; chmod 666 fuse; mount --bind fuse /dev/fuse
      echo user_allow_other >conf; mount --bind conf /etc/fuse.conf
      cp $casfs ./casfs; chmod 755 ./casfs; casfs=$top/casfs; export casfs
      user() { setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/ "$@"; }
      user "$casfs" mount --create $store $mnt
      # Only its owner comes in.
      refused 'Permission denied' ls $mnt/blobs
      echo x >a; user cp a $mnt/incoming/f; user cmp a $mnt/committed/f
      is "$(user stat -c '%u %g' $mnt/incoming/f $mnt/blobs | sort -u)" '65534 65534'
      is "$(findmnt -n -o FSTYPE,SOURCE $mnt | tr -s ' ')" "fuse.casfs $store"
      server=$(user "$casfs" status --json $mnt | jq .process)
      user "$casfs" unmount $mnt; gone $server
      # A killed daemon's mount is cleaned up by its owner.
      user "$casfs" mount $store $mnt; kill -KILL $(user "$casfs" status --json $mnt | jq .process)
      eventually user bash -c '! ls $mnt'
      user "$casfs" mount -o allow_other $store $mnt
      # Others come in, but only as the modes allow.
      cmp a $mnt/blobs/sha256/*
      refused 'Permission denied' setpriv --reuid=1234 --regid=1234 --clear-groups touch $mnt/incoming/g
      setpriv --reuid=1234 --regid=1234 --clear-groups cat $mnt/incoming/../blobs/sha256/* | cmp a
      user "$casfs" unmount $mnt
      E
      unshare -m -p --fork --kill-child --mount-proc --propagation private bash inside
      blobs 1
      """#)
  }

  @Test("M5: allow_other lets other users read and keeps them from writing", .needs(.root, .tools("setpriv")))
  func otherUsers() throws {
    try ScriptedMount.mounted("allow_other").check(
      """
      chmod 755 .; echo x >$mnt/incoming/f
      other() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
      is "$(other cat $mnt/committed/f)" x
      refused 'Permission denied' other touch $mnt/incoming/g
      mkdir $mnt/incoming/open; chmod 777 $mnt/incoming/open
      other bash -c "echo y >$mnt/incoming/open/g"; echo y >want
      committed open/g want
      is "$(stat -c %u $mnt/incoming/open/g)" 65534
      refused 'Operation not permitted' other chmod 777 $mnt/incoming/f
      "$casfs" unmount $mnt; "$casfs" mount $store $mnt
      refused 'Permission denied' other ls $mnt/blobs
      """)
  }

  @Test("M6: status tells store, driver, version, mode and what was done, as text and as JSON")
  func status() throws {
    // What the kernel reads by itself cannot be counted.
    try ScriptedMount.mounted("read=splice").check(
      """
      head -c 100000 /dev/urandom >a; cp a $mnt/incoming/f; cat $mnt/blobs/sha256/* >/dev/null
      "$casfs" status --json $mnt >json; is "$(wc -l <json)" 1
      is "$(jq -r .store json)" "dir:$store"; is "$(jq -r .driver json)" dir
      is "$(jq -r .version json)" "$("$casfs" --version | cut -d ' ' -f 2)"
      is "$(jq -r .verify json)" once; is "$(jq .commits_pending json)" 0
      is "$(jq .counters.commits json)" 1; is "$(jq .counters.failures json)" 0
      is "$(jq .counters.bytes_written json)" 100000
      [ $(jq .counters.bytes_read json) -ge 100000 ]
      is "$(jq -r .read_mode json)" splice
      "$casfs" status $mnt >text
      for word in store driver version verify commits failures; do grep -q $word text || fail "no $word"; done
      grep -q "$store" text
      """)
  }
}
