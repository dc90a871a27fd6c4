import TestSupport
import Testing

/// System calls of the daemon that fail, and stores that go away under a mount.
@Suite(.serialized, .needs(.fuse, .root, .tools("strace"))) struct MountFaultTests {
  @Test(
    "I2 I11 R2 D3: a call that fails is the error of who caused it, is logged once, and the mount goes on",
    arguments: FaultTests.faults)
  func commit(fault: FaultTests.Fault) throws {
    try ScriptedMount().check(
      #"""
      call=\#(fault.call) error=\#(fault.error) message='\#(fault.message)'
      "$casfs" create $store; seq 100000 >a; seq 9 >b
      "$casfs" mount -f $store $mnt 2>log & eventually test -d $mnt/blobs
      cp b $mnt/incoming/b; find $store | sort >before; : >log
      strace -f -qq -o trace -p $(server) -e trace=$call -e inject=$call:error=$error:when=1+ & tracer=$!
      eventually grep -q TracerPid:.$tracer /proc/$(server)/task/*/status
      refused "$message" cp a $mnt/incoming/a
      # What others do is not concerned, as far as they need no such call.
      is "$(readlink $mnt/committed/b)" ../blobs/sha256/$(hex b)
      [ $call = openat2 ] || cmp b $mnt/incoming/b
      kill -INT $tracer; wait $tracer || true
      grep -q INJECTED trace
      is "$(grep -c "$message" log)" 1
      eventually test ! -e $mnt/incoming/a; absent a
      rm -f $store/blobs/sha256/$(hex a); find $store | sort | cmp before
      cp a $mnt/incoming/a; committed a a; blobs 2
      "$casfs" unmount $mnt; wait; sound
      """#)
  }

  @Test(
    "R1 R2 R3 B3 E15: a call that fails while references change is the error of who changes them, and changes nothing",
    arguments: ["index", "refs"])
  func references(layout: String) throws {
    try ScriptedMount().check(
      #"""
      "$casfs" create --layout \#(layout) $store; seq 9 >a; "$casfs" blob put $store a; echo sha256:$(hex a) >digest
      "$casfs" ref put $store one sha256:$(hex a); echo b >b; "$casfs" blob put $store b
      "$casfs" mount -f $store $mnt 2>log & eventually test -d $mnt/blobs
      find $store | sort >before; faults=0
      while IFS=, read -r call error message action <&5; do
        [ \#(layout) = index ] || case "$call $action" in *"pwrite64 rm "* | *"pwrite64 mv "* | *'renameat rm '*) continue ;; esac
        sleep 0.6; : >log
        strace -f -qq -o trace -p $(server) -e trace=$call -e inject=$call:error=$error:when=1+ & tracer=$!
        eventually grep -q TracerPid:.$tracer /proc/$(server)/task/*/status
        refused "$message" $action
        kill -INT $tracer; wait $tracer || true
        grep -q INJECTED trace || fail "no $call in $action"
        is "$action $error $(grep -c "$message" log)" "$action $error 1"
        sleep 0.6; is "$("$casfs" ref ls $store) $(ls $mnt/refs)" 'one one'; find $store | sort | cmp before
        faults=$((faults + 1))
      done 5<<E
      pwrite64,ENOSPC,No space left on device,cp digest $mnt/refs/two
      pwrite64,EDQUOT,Disk quota exceeded,mv $mnt/refs/one $mnt/refs/two
      pwrite64,ENOSPC,No space left on device,rm $mnt/refs/one
      renameat,EIO,Input/output error,cp digest $mnt/refs/two
      renameat,EIO,Input/output error,rm $mnt/refs/one
      flock,EIO,Input/output error,cp digest $mnt/refs/two
      flock,EIO,Input/output error,mv $mnt/refs/one $mnt/refs/two
      flock,EIO,Input/output error,rm $mnt/refs/one
      unlinkat,EIO,Input/output error,rm $mnt/blobs/sha256/$(hex b)
      E
      [ $faults -ge 6 ]
      cp digest $mnt/refs/two; mv $mnt/refs/two $mnt/refs/three; rm $mnt/refs/one $mnt/blobs/sha256/$(hex b)
      is "$("$casfs" ref ls $store)" three; blobs 1; "$casfs" unmount $mnt; wait; sound
      """#)
  }

  @Test(
    "T5 I11 R2: a store that becomes read-only gives EROFS, serves what it has, and is written again later",
    .needs(.loop))
  func readOnly() throws {
    try ScriptedMount().check(
      #"""
      mkdir disk; truncate -s 32M image; mkfs.ext4 -q image; mount -o loop image disk; store=disk/store
      "$casfs" mount --create $store $mnt; seq 1000 >a; seq 9 >b; cp a $mnt/incoming/a
      mount -o remount,ro disk
      refused 'Read-only file system' cp b $mnt/incoming/b
      eventually test ! -e $mnt/incoming/b
      echo sha256:$(hex a) >digest; refused 'Read-only file system' cp digest $mnt/refs/a
      refused 'Read-only file system' rm $mnt/blobs/sha256/$(hex a)
      cmp a $mnt/blobs/sha256/$(hex a); is "$(ls $mnt/refs)" ''
      mount -o remount,rw disk
      cp b $mnt/incoming/b; committed b b; cp digest $mnt/refs/a; blobs 2; sound
      "$casfs" unmount $mnt; umount disk
      """#)
  }

  @Test("D6 E15: a store that disappears gives errors, not hangs; what is open goes on, and unmounting works")
  func gone() throws {
    try ScriptedMount.mounted().check(
      #"""
      server=$(server); seq 1000 >a; seq 9 >b; cp a $mnt/incoming/a; exec 3<$mnt/blobs/sha256/$(hex a)
      rm -r $store
      cmp a - <&3; exec 3<&-
      eventually test ! -e $mnt/blobs/sha256/$(hex a)
      refused 'error writing' timeout 20 cp b $mnt/incoming/b
      echo sha256:$(hex a) >digest; refused 'cp: ' timeout 20 cp digest $mnt/refs/a
      timeout 20 ls $mnt $mnt/incoming >/dev/null || true; timeout 20 ls $mnt/refs $mnt/images || true
      "$casfs" unmount $mnt; eventually gone $server
      """#)
  }

  @Test("V2 V3: a blob that cannot be read gives EIO, to who reads it alone, and is read when it can be")
  func unreadable() throws {
    try ScriptedMount().check(
      #"""
      "$casfs" create $store; head -c 3000000 /dev/urandom >a; seq 9 >b
      "$casfs" blob put $store a b
      "$casfs" mount -f $store $mnt 2>log & eventually test -d $mnt/blobs
      strace -f -qq -o trace -p $(server) -e trace=pread64 -e inject=pread64:error=EIO & tracer=$!
      eventually grep -q TracerPid:.$tracer /proc/$(server)/task/*/status
      refused 'Input/output error' cat $mnt/blobs/sha256/$(hex a)
      ls $mnt/blobs/sha256 >/dev/null
      kill -INT $tracer; wait $tracer || true
      grep -q INJECTED trace; is "$(grep -c 'Input/output error' log)" 1
      cmp a $mnt/blobs/sha256/$(hex a); cmp b $mnt/blobs/sha256/$(hex b)
      "$casfs" unmount $mnt; wait
      """#)
  }
}
