import TestSupport
import Testing

/// Writers of which the daemon cannot see which processes they are.
@Suite(.needs(.fuse, .root, .tools("unshare", "nsenter"))) struct ForeignPidNamespaceTests {
  @Test("I2 I3 I9: of a writer in another pid namespace every close publishes")
  func otherNamespace() throws {
    try ScriptedMount().check(
      """
      cat >inside <<'E'
      "$casfs" mount --create $store $mnt; touch ready; sleep 60
      E
      unshare -m -p --fork --kill-child --mount-proc --propagation private bash inside & outside=$!
      eventually test -e ready
      inside=$(pgrep -P $outside)
      cat >writer <<'E'
      . $top/prelude
      # Its number means nothing in there, where there is no /proc/self for it.
      [ ! -e /proc/self ]
      cd $mnt/incoming
      exec 3>f; echo a >&3; /bin/echo b >&3; echo c >&3; exec 3>&-
      { /bin/echo a; /bin/echo b; echo c; } >g
      printf 'a\nb\nc\n' >$top/want; : >empty; : >$top/nothing
      cp $top/want h; dd if=$top/want of=i bs=1 status=none
      refused 'Bad message' cp $top/want $(printf %064d 0)
      cd $top; for name in f g h i; do committed $name want; done; committed empty nothing; absent $(printf %064d 0)
      umount $mnt
      E
      nsenter -m -t $inside bash $top/writer
      kill -KILL $inside; wait $outside || true
      sound
      """)
  }

  @Test("I2: what a close has acknowledged is stored, though the mount has no descriptor left to look at its caller")
  func noDescriptors() throws {
    try ScriptedMount.mounted().check(
      """
      cat >t.py <<'E'
      import os, resource, sys
      mnt, server = sys.argv[1], int(sys.argv[2])
      soft, hard = resource.prlimit(server, resource.RLIMIT_NOFILE)
      used = len(os.listdir(f"/proc/{server}/fd"))
      names, refusals = [], 0
      for left in range(1, 12):
        resource.prlimit(server, resource.RLIMIT_NOFILE, (used + left, hard))
        files = []
        try:
          for i in range(12):
            name = f"{left}-{i}"
            files.append((name, os.open(f"{mnt}/incoming/{name}", os.O_WRONLY | os.O_CREAT)))
            os.write(files[-1][1], name.encode())
        except OSError: refusals += 1
        for name, file in files:
          try:
            os.close(file)
            names.append(name)
          except OSError: refusals += 1
      resource.prlimit(server, resource.RLIMIT_NOFILE, (soft, hard))
      assert names and refusals > 11, (names, refusals)
      for name in names:
        with open(f"{mnt}/committed/{name}") as file: assert file.read() == name, name
      E
      python3 t.py $mnt "$(server)"
      sound
      """)
  }
}
