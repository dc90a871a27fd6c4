import TestSupport
import Testing

/// What a mount's daemon may do, and what other users may do with its mount.
@Suite(.needs(.fuse, .root, .tools("setpriv"))) struct IsolationTests {
  @Test("M5: root's daemon keeps six capabilities, gets no others, and its descriptors are closed by exec")
  func capabilities() throws {
    try ScriptedMount().check(
      #"""
      # CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_SYS_PTRACE, CAP_SYS_ADMIN, CAP_LEASE.
      kept=$(printf %016x $((1 << 0 | 1 << 1 | 1 << 3 | 1 << 19 | 1 << 21 | 1 << 28))) none=0000000000000000
      "$casfs" create $store; head -c 3000000 /dev/urandom >a
      for option in rw auto_unmount read=splice; do
        "$casfs" mount -o $option $store $mnt; server=$(server)
        cp a $mnt/incoming/a; cmp a $mnt/committed/a; ls $mnt/images $mnt/blobs/sha256 >/dev/null
        # Of each thread.
        for set in CapPrm:$kept CapEff:$kept CapBnd:$kept CapInh:$none CapAmb:$none NoNewPrivs:1; do
          is "$(cat /proc/$server/task/*/status | grep "^${set%:*}:" | sort -u)" "${set%:*}:"$'\t'"${set#*:}"
        done
        for file in /proc/$server/fdinfo/*; do
          descriptor=${file##*/}
          [ $descriptor -gt 2 ] || continue
          flags=$(sed -n 's/^flags:\t//p' $file)
          [ $((flags & 02000000)) != 0 ] || fail "exec keeps $(readlink /proc/$server/fd/$descriptor)"
        done
        "$casfs" unmount $mnt; gone $server
      done
      """#)
  }

  @Test("D3 D4 I2 I6 M5: with those it serves a store, and callers, of any owner, and the store stays its owner's")
  func otherOwner() throws {
    try ScriptedMount().check(
      #"""
      theirs() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
      chmod 755 .; cp "$casfs" tool; mkdir their; chown 65534:65534 their; chmod 700 their; store=$top/their/store
      seq 1000 >a; seq 2000 >b
      theirs ./tool create $store; theirs ./tool blob put $store a; theirs ./tool ref put $store a sha256:$(hex a)
      chmod 600 $store/index.json; chmod 400 $store/blobs/sha256/$(hex a)
      "$casfs" mount -o allow_other $store $mnt
      cmp a $mnt/blobs/sha256/$(hex a); cp b $mnt/incoming/b; cp $mnt/refs/a $mnt/refs/b
      is "$(stat -c '%u %g %a' $store/index.json)" '65534 65534 600'
      touch -d '2 days ago' $store/blobs/sha256/$(hex a); cp a $mnt/incoming/a
      is "$(find $store/blobs/sha256/$(hex a) -mmin +1)" ''
      rm $mnt/refs/a $mnt/refs/b $mnt/blobs/sha256/$(hex a)
      # Which descriptors a caller has, and what kills it, is seen of any caller, with more rights or with fewer.
      mkdir -m 777 $mnt/incoming/open; printf '1\n2\n' >want; printf '1\n' >half
      for user in 0 65534; do
        caller() { setpriv --reuid=$user --regid=$user --clear-groups bash -c "$@"; }
        caller "exec 3>$mnt/incoming/open/$user; echo 1 >&3; exec 4>&3 4>&-; echo 2 >&3; exec 3>&-"
        committed open/$user want; [ ! -e $store/blobs/sha256/$(hex half) ]
        caller "exec 3>$mnt/incoming/open/k; echo half >&3; kill -KILL \$\$" 2>/dev/null || true
        eventually test ! -e $mnt/incoming/open/k; absent open/k
      done
      "$casfs" unmount $mnt; blobs 2; theirs ./tool fsck $store
      """#)
  }

  @Test("D2 D3 D4: whatever the umask, nothing is made that everybody can write", arguments: ["index", "refs"])
  func worldWritable(layout: String) throws {
    try ScriptedMount().check(
      #"""
      umask 0
      store=made/above/store; "$casfs" create --layout \#(layout) $store; seq 1000 >a
      "$casfs" blob put $store a; "$casfs" ref put $store a/b sha256:$(hex a)
      "$casfs" mount $store $mnt; server=$(server)
      cp a $mnt/incoming/$(sha512sum <a | sed 's/ .*//; s/^/sha512:/'); cp $mnt/refs/a/b $mnt/refs/c
      # Content in the making has no name, but is a file.
      exec 3>$mnt/incoming/open; seq 100000 >&3
      open=0
      for file in /proc/$server/fd/*; do
        case $(readlink $file) in "$top/$store"*) ;; *) continue ;; esac
        open=$((open + 1)); is "$(find -L $file -maxdepth 0 -perm -002)" ''
      done
      [ $open -ge 2 ]
      is "$(find made $mnt/blobs $mnt/refs $mnt/images $mnt/committed -perm -002 ! -type l)" ''
      exec 3>&-
      head -c 10 /dev/zero >$store/blobs/sha256/$(hex a); cp a $mnt/incoming/healed
      "$casfs" gc --grace 0 $store; "$casfs" unmount $mnt
      is "$(find made -perm -002 ! -type l)" ''; sound
      """#)
  }

  @Test("M3 M5: who did not mount sees nothing; with allow_other, what the modes say, and changes nothing of others")
  func others() throws {
    try ScriptedMount().check(
      #"""
      as() { local user=$1; shift; setpriv --reuid=$user --regid=$user --clear-groups "$@"; }
      chmod 755 .; "$casfs" create $store; seq 100 >a; echo private >p
      "$casfs" blob put $store a; "$casfs" ref put $store a sha256:$(hex a); blob=$mnt/blobs/sha256/$(hex a)
      for options in rw default_permissions; do
        "$casfs" mount -o $options $store $mnt
        for path in $mnt $blob $mnt/refs/a $mnt/incoming; do refused 'Permission denied' as 65534 stat $path; done
        refused 'Permission denied' as 65534 ls $mnt; refused 'Permission denied' as 65534 touch $mnt/incoming/x
        refused 'Permission denied' as 65534 "$casfs" status $mnt
        "$casfs" unmount $mnt
      done
      for options in allow_other allow_other,default_permissions; do
        "$casfs" mount -o $options $store $mnt
        grep " $mnt " /proc/self/mountinfo | grep -q 'nosuid,nodev.*default_permissions.*allow_other'
        install -m 600 p $mnt/incoming/p
        as 65534 cat $blob | cmp a; as 65534 jq -r .digest $mnt/refs/a | grep -q $(hex a)
        refused 'Permission denied' as 65534 cat $mnt/incoming/p
        # A blob is everybody's who comes in.
        as 65534 cat $mnt/committed/p | cmp p
        for change in "touch $mnt/incoming/x" "mkdir $mnt/incoming/x" "rm -f $mnt/incoming/p" "ls $mnt/incoming/p/x" \
          "mv $mnt/incoming/p $mnt/incoming/q" "cp p $mnt/incoming/p" "cp p $mnt/blobs/sha256/$(hex p)" "rm -f $blob" \
          "cp $mnt/refs/a $mnt/refs/x" "cp p $mnt/refs/a" "rm -f $mnt/refs/a" "mv $mnt/refs/a $mnt/refs/b" \
          "mkdir $mnt/refs/d" "chmod 777 $mnt/incoming/p" "chown 65534 $mnt/incoming/p" "chmod 777 $mnt" \
          "setfattr -n user.x -v y $mnt/incoming/p" "touch -d yesterday $mnt/incoming/p" "chmod 666 $blob" \
          "chmod 777 $mnt/refs"; do
          if as 65534 $change 2>said; then fail "another user may: $change"; fi
          grep -qE 'Permission denied|Operation not permitted|Not a directory' said || fail "$change: $(cat said)"
        done
        # Where root lets them write they have what is theirs.
        mkdir -m 1777 $mnt/incoming/shared; as 65534 cp a $mnt/incoming/shared/mine
        is "$(stat -c %u $mnt/incoming/shared/mine)" 65534
        refused 'Operation not permitted' as 65533 rm -f $mnt/incoming/shared/mine
        refused 'Permission denied' as 65533 cp p $mnt/incoming/shared/mine
        refused 'Operation not permitted' as 65534 chown 65533 $mnt/incoming/shared/mine
        is "$(jq -r .digest $mnt/refs/a)" sha256:$(hex a); is "$(stat -c %a $mnt/incoming/p)" 600
        "$casfs" unmount $mnt
      done
      "$casfs" mount -o allow_other,umask=077 $store $mnt; refused 'Permission denied' as 65534 ls $mnt
      """#)
  }
}
