import TestSupport
import Testing

/// Stores on disks that are full, or that fail.
@Suite(.needs(.fuse, .root, .loop)) struct FailingDiskTests {
  @Test(
    "I11: a full disk shows at write, by cp and by shells; nothing is left, and the mount goes on",
    arguments: ["tmpfs", "ext4"])
  func full(kind: String) throws {
    try ScriptedMount().check(
      #"""
      mkdir disk
      if [ \#(kind) = tmpfs ]; then mount -t tmpfs -o size=8m none disk
      else truncate -s 16M image; mkfs.ext4 -q -O ^has_journal image; mount -o loop image disk; fi
      store=disk/store; "$casfs" mount --create $store $mnt
      used() { df --output=used disk | tail -1; }
      before=$(used); head -c 20000000 /dev/urandom >large
      refused "error writing '$mnt/incoming/f': No space left on device" cp large $mnt/incoming/f
      eventually test ! -e $mnt/incoming/f; absent f
      refused 'printf: write error: No space left on device' bash -c 'printf %020000000d 1 >$mnt/incoming/f'
      eventually test ! -e $mnt/incoming/f
      refused 'No space left on device' bash -c 'cat large >$mnt/incoming/f'
      blobs 0
      back() { [ $(used) -le $((before + 64)) ]; }
      eventually back
      status=0; "$casfs" blob put $store large >out 2>err || status=$?
      is "$status $(wc -l <err) $(wc -c <out)" '1 1 0'
      case $(cat err) in casfs:*': No space left on device') ;; *) fail "said: $(cat err)" ;; esac
      eventually back
      is "$(find $store -type f | wc -l)" 2
      echo a >want; cp want $mnt/incoming/f; committed f want; blobs 1
      "$casfs" unmount $mnt; umount disk
      """#)
  }

  @Test("I10 I11: fsync and close report that a disk failed; nothing of it is published, and the mount goes on")
  func writeback() throws {
    try ScriptedMount().check(
      #"""
      # The image has no room below it for what the file system on it has taken, so that writing it out fails.
      mkdir below disk; mount -t tmpfs -o size=8m none below
      truncate -s 64M below/image; mkfs.ext4 -q -O ^has_journal -E lazy_itable_init=0 below/image
      mount -o loop,errors=continue below/image disk
      store=disk/store; "$casfs" create $store; sync -f disk
      "$casfs" mount $store $mnt
      head -c 20000000 /dev/zero >below/fill 2>/dev/null || true
      cat >t.py <<'E'
      import errno, os, sys
      path, how = sys.argv[1:]
      file = os.open(path, os.O_WRONLY | os.O_CREAT)
      for i in range(4): os.write(file, os.urandom(1 << 20))
      def fails(body):
        try: body(file)
        except OSError as error: assert error.errno in (errno.EIO, errno.ENOSPC), error
        else: assert False, "it did not fail"
      if how == "fsync": fails(os.fsync)
      fails(os.close)
      E
      for how in fsync close; do
        python3 t.py $mnt/incoming/$how $how
        eventually test ! -e $mnt/incoming/$how; absent $how
      done
      is "$(ls $store/blobs/sha256)" ''
      rm below/fill; sync -f disk || true
      echo a >want; cp want $mnt/incoming/f; committed f want; blobs 1
      "$casfs" unmount $mnt; umount disk below
      """#)
  }
}
