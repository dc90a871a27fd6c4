import TestSupport
import Testing

/// What processors are to do that have nothing to do; a file stands in for the kernel, for other mounts ask it too.
@Suite(.needs(.fuse, .root, .tools("python3", "unshare"))) struct IdleTests {
  @Test("M3: with idle=poll processors are kept awake while requests come one after the other, and no longer")
  func awake() throws {
    try Self.check(
      #"""
      : >latency; mount --bind latency /dev/cpu_dma_latency
      "$casfs" mount -o idle=poll $store $mnt
      python3 - $mnt/blobs/sha256/* <<'P'
      import os, struct, sys, time
      end, latency = time.monotonic() + 40, os.open("latency", os.O_RDONLY)
      def demanded(): return struct.unpack("i", os.pread(latency, 4, 0) or bytes.fromhex("ffffffff"))[0]
      while demanded() != 0:
        assert time.monotonic() < end, "they may sleep"
        for _ in range(200): os.close(os.open(sys.argv[1], os.O_RDONLY))
      while demanded() != 2000000000:
        assert time.monotonic() < end, "they may not sleep"
        time.sleep(0.01)
      P
      """#)
  }

  @Test("M3: with idle=sleep they sleep, and what is best is found when nothing is said")
  func asleep() throws {
    try Self.check(
      #"""
      : >latency; mount --bind latency /dev/cpu_dma_latency
      asks() { ls -l /proc/$(server)/fd | grep -c cpu_dma_latency || true; }
      "$casfs" mount -o idle=sleep $store $mnt; is $(asks) 0; "$casfs" unmount $mnt
      if [ $(nproc) -le 4 ]; then best=1; else best=0; fi
      for option in rw idle=auto; do "$casfs" mount -o $option $store $mnt; is $(asks) $best; "$casfs" unmount $mnt; done
      # Where the kernel cannot be asked, nothing but idle=poll is in vain.
      umount /dev/cpu_dma_latency
      python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("s")'; mount --bind s /dev/cpu_dma_latency
      refused 'processors cannot be kept awake here (idle=poll): No such device' "$casfs" mount -o idle=poll $store $mnt
      "$casfs" mount $store $mnt; cat $mnt/blobs/sha256/* >/dev/null; "$casfs" unmount $mnt
      refused 'idle is one of auto, poll, sleep' "$casfs" mount -o idle=never $store $mnt
      """#)
  }

  private static func check(_ script: String) throws {
    try ScriptedMount().check(
      """
      "$casfs" create $store; seq 100 | "$casfs" blob put $store >/dev/null
      cat >inside <<'E'
      . ./prelude
      # A place for it, where the kernel has none.
      [ -e /dev/cpu_dma_latency ] || { trap 'rm /dev/cpu_dma_latency' EXIT; : >/dev/cpu_dma_latency; }
      \(script)
      [ ! -d $mnt/blobs ] || "$casfs" unmount $mnt
      E
      unshare -m -p --fork --kill-child --mount-proc --propagation private bash inside
      """)
  }
}
