import TestSupport
import Testing

/// Writers and mounts that end in the middle of something.
@Suite(.needs(.fuse)) struct KillTests {
  @Test("I6: what a killed writer wrote is discarded, name and all", arguments: ["KILL", "TERM", "INT", "SEGV"])
  func killedWriter(signal: String) throws {
    try ScriptedMount.mounted().check(
      #"""
      cat >t.py <<'E'
      import os, sys, signal, threading, time
      signal.signal(signal.SIGINT, signal.SIG_DFL)
      fd = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
      if sys.argv[2] == "threads": threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
      if sys.argv[3] != "0": os.write(fd, b"half" * int(sys.argv[3]))
      open("ready", "w").close()
      time.sleep(60)
      E
      ulimit -c 0
      for threads in one threads; do
        for count in 1 100000 0; do
          rm -f ready
          python3 t.py $mnt/incoming/f $threads $count & writer=$!
          eventually test -e ready
          kill -\#(signal) $writer
          wait $writer 2>/dev/null && fail "it was not killed"
          eventually test ! -e $mnt/incoming/f
          absent f
          blobs 0; sound
        done
      done
      """#)
  }

  @Test("I6: who writes on after the one that opened the file was killed is told so")
  func orphan() throws {
    try ScriptedMount.mounted().check(
      #"""
      cat >t.py <<'E'
      import errno, os, sys, time
      file = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
      os.write(file, b"half")
      parent = os.getpid()
      if os.fork() > 0: os.kill(parent, 9)
      while os.getppid() == parent: time.sleep(0.01)
      with open("said", "w") as said:
        for call in lambda: os.write(file, b"other half"), lambda: os.close(file):
          try: call()
          except OSError as error: print(errno.errorcode[error.errno], file=said)
      os.rename("said", "told")
      E
      for name in new old; do
        rm -f told; python3 t.py $mnt/incoming/$name || true
        eventually test -e told; is "$(tr '\n' ' ' <told)" 'EIO EIO '
        absent new
        echo whole >$mnt/incoming/old
      done
      echo whole >want; committed old want; blobs 1
      """#)
  }

  @Test("I6: a process with threads that ends without closing has published")
  func exited() throws {
    try ScriptedMount.mounted().check(
      #"""
      cat >t.py <<'E'
      import os, sys, threading, time
      for i in range(4): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
      fd = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
      os.write(fd, b"whole")
      os._exit(int(sys.argv[2]))
      E
      printf whole >want
      for status in 0 1 77; do
        python3 t.py $mnt/incoming/f$status $status || is $? $status
        committed f$status want
      done
      blobs 1; sound
      """#)
  }

  @Test("I2 I6: a descriptor that a new program closes publishes, and holds up nobody")
  func closedByExec() throws {
    try ScriptedMount.mounted().check(
      #"""
      cat >t.py <<'E'
      import os, sys
      fd = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC)
      os.write(fd, b"whole")
      os.execv("/bin/true", ["true"])
      E
      printf whole >want
      for i in 1 2 3; do timeout 20 python3 t.py $mnt/incoming/f$i; committed f$i want; done
      # A child's new program closes what it inherited; the opener goes on.
      timeout 20 python3 -c '
      import subprocess, sys
      with open(sys.argv[1], "wb") as f:
        f.write(b"wh"); f.flush()
        for i in range(5): subprocess.run(["/bin/true"], check=True)
        f.write(b"ole")
      ' $mnt/incoming/g
      committed g want
      blobs 1; sound
      """#, seconds: 90)
  }

  @Test("I6: of a name that is a blob already, a killed writer's changes are forgotten")
  func killedOverwriter() throws {
    try ScriptedMount.mounted().check(
      """
      echo a >a; cp a $mnt/incoming/f
      bash -c 'exec 3>>$0; echo half >&3; kill -KILL $$' $mnt/incoming/f || true
      eventually cmp a $mnt/incoming/f
      committed f a
      blobs 1; sound
      """)
  }

  @Test("I12: unmounting publishes what was closed before, and returns when the daemon is done")
  func unmount() throws {
    try ScriptedMount.mounted().check(
      """
      server=$(server)
      for i in {1..30}; do bash -c "exec 3>$mnt/incoming/f$i; (echo $i >&3) & wait"; done
      # The shell that opened it is gone before its child writes.
      for i in {31..40}; do bash -c "exec 3>$mnt/incoming/f$i; (sleep 0.1; echo $i >&3) &"; done
      sleep 0.4
      for i in {1..50}; do "$casfs" unmount $mnt 2>/dev/null && break; sleep 0.05; done
      gone $server
      [ ! -e $mnt/incoming ]
      blobs 40; sound
      """)
  }

  @Test("I12 M1: a signal unmounts cleanly and discards what is open", arguments: ["TERM", "INT", "HUP"])
  func signalled(signal: String) throws {
    try ScriptedMount.mounted().check(
      """
      server=$(server)
      echo a >$mnt/incoming/f
      exec 3>$mnt/incoming/g; echo half >&3
      kill -\(signal) $server
      eventually gone $server
      exec 3>&- 2>/dev/null || true
      is "$(grep -c " $mnt " /proc/self/mountinfo || true)" 0
      blobs 1; sound
      is "$(find $store -type f | grep -vc 'blobs/sha256/[0-9a-f]*$')" 2
      """)
  }

  @Test("I12: a daemon that is killed loses nothing that was acknowledged and leaves nothing half")
  func killedDaemon() throws {
    try ScriptedMount.mounted().check(
      """
      server=$(server)
      (for i in {1..500}; do echo $i >a; cp a $mnt/incoming/f$i || exit 0; echo $i >>done; done) 2>/dev/null &
      eventually test -s done; sleep 0.3
      kill -KILL $server
      wait
      while read -r i; do [ -e $store/blobs/sha256/$(echo $i | sha256sum | cut -c 1-64) ] || fail "$i is lost"; done <done
      blobs "$(ls $store/blobs/sha256 | wc -l)"; sound
      "$casfs" mount $store $mnt
      is "$("$casfs" clean $store | tail -1 | tr -dc 0-9)" "$("$casfs" clean $store | tail -1 | tr -dc 0-9)"
      """)
  }

  @Test("I11: a full store shows at write; nothing of it is published and the space comes back", .needs(.root))
  func full() throws {
    let workshop = try ScriptedMount()
    try workshop.check(
      """
      mkdir small; mount -t tmpfs -o size=8m none small
      "$casfs" mount --create small/store $mnt
      df --output=avail small | tail -1 >before
      refused 'No space left on device' dd if=/dev/zero of=$mnt/incoming/f bs=64k count=1000
      eventually test ! -e $mnt/incoming/f
      absent f
      store=small/store
      blobs 0; sound
      space() { [ "$(df --output=avail small | tail -1)" -ge $(($(cat before) - 64)) ]; }
      eventually space
      # The shell sees the error of write, for it ignores that of close.
      refused 'No space left on device' bash -c "head -c 20000000 /dev/zero >$mnt/incoming/f"
      eventually test ! -e $mnt/incoming/f; eventually space
      echo a >$mnt/incoming/f; echo a >want; committed f want; blobs 1; sound
      """)
  }
}
