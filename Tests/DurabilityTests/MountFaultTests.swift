import TestSupport
import Testing

/// System calls of the daemon that fail, and stores that go away under a mount.
@Suite(.serialized, .needs(.fuse, .root, .tools("strace"))) struct MountFaultTests {
  @Test(
    "I2 I11 R2 D3: a call that fails is the error of who caused it, is logged once, and the mount goes on",
    arguments: FaultTests.faults)
  func commit(fault: FaultTests.Fault) throws {
    try Workshop().check(
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
    "T5 I11 R2: a store that becomes read-only gives EROFS, serves what it has, and is written again later",
    .needs(.loop))
  func readOnly() throws {
    try Workshop().check(
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
    try Workshop.mounted().check(
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
    try Workshop().check(
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
