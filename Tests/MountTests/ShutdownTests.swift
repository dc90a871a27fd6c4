import TestSupport
import Testing

/// How a mount ends, and what outlives what.
@Suite(.needs(.fuse)) struct ShutdownTests {
  @Test("M1: a mount outlives its terminal; in the foreground it ends with it, in good order")
  func terminal() throws {
    try ScriptedMount().check(
      #"""
      cat >t.py <<'E'
      import os, pty, sys, time
      child, terminal = pty.fork()
      if child == 0: os.execvp("bash", ["bash", "-c", sys.argv[1]])
      said = b""
      while b"ready" not in said: said += os.read(terminal, 1000)
      # The terminal is gone, and its processes are told.
      os.close(terminal)
      os.waitpid(child, 0)
      E
      timeout 30 python3 t.py '"$casfs" mount --create $store $mnt; echo ready; sleep 60'
      sleep 0.3; echo x >$mnt/incoming/f; blobs 1
      "$casfs" unmount $mnt
      timeout 30 python3 t.py '"$casfs" mount -f $store $mnt & eventually() { until "$@"; do sleep 0.1; done; }
        eventually test -d $mnt/blobs; echo y >$mnt/incoming/g; echo ready; wait'
      eventually test ! -e $mnt/blobs
      blobs 2
      """#)
  }

  @Test("M1: who is started to ignore SIGHUP goes on", arguments: ["", "-f"])
  func ignored(option: String) throws {
    try ScriptedMount().check(
      #"""
      "$casfs" create $store
      nohup "$casfs" mount \#(option) $store $mnt >log 2>&1 & eventually test -d $mnt/blobs
      server=$(server); kill -HUP $server; sleep 0.3
      echo x >$mnt/incoming/f; blobs 1; is $(server) $server
      kill -TERM $server; eventually gone $server
      is "$(ls -A $mnt)" ''
      """#)
  }

  @Test(
    "I12: after a lazy unmount readers go on, writers publish at their close, and the last one ends the daemon",
    .needs(.root), arguments: ["umount -l", "fusermount3 -uz"])
  func lazy(command: String) throws {
    try ScriptedMount.mounted().check(
      #"""
      server=$(server); head -c 3000000 /dev/urandom >a; cp a $mnt/incoming/f; hex=$(hex a)
      exec 3<$mnt/blobs/sha256/$hex 4>$mnt/incoming/g 5>$mnt/incoming/h 6<$mnt/incoming
      echo b >&4; echo half >&5
      \#(command) $mnt
      is "$(ls -A $mnt)" ''
      cmp a <(cat <&3); exec 3<&-
      echo c >&4; blobs 1
      exec 4>&-; blobs 2; printf 'b\nc\n' >want; cmp want $store/blobs/sha256/$(hex want)
      # A directory is a way in as long as it is open.
      echo d >/proc/self/fd/6/d; blobs 3; exec 6<&-
      # Another mount at the place has nothing to do with it.
      "$casfs" mount $store $mnt; echo e >$mnt/incoming/e; blobs 4; "$casfs" unmount $mnt
      if gone $server; then fail "it ended while a file was open"; fi
      exec 5>&-; blobs 5
      eventually gone $server
      """#)
  }
}
