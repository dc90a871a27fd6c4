import TestSupport
import Testing

/// What programs that write do: each makes exactly the right blobs.
@Suite(.needs(.fuse)) struct WriterTests {
  /// One thing a writer does: a script, after which a file `want` has what `incoming/f` is to hold.
  struct Way: Sendable, CustomTestStringConvertible {
    var name: String
    var script: String
    var blobs = 1
    var testDescription: String { name }
  }

  /// `a` has a megabyte and some, `b` a few bytes.
  static let sources = """
    head -c 1234567 /dev/urandom >a
    echo 'a few bytes' >b
    f=$mnt/incoming/f

    """

  static let ways: [Way] = [
    Way(name: "cp", script: "cp a $f; cp a want"),
    Way(name: "cp -p", script: "chmod 640 a; touch -d 2001-02-03 a; cp -p a $f; cp a want"),
    Way(name: "cp twice to one name", script: "cp a $f; cp b $f; cp b want", blobs: 2),
    Way(name: "cp of the same content twice", script: "cp a $f; cp a $f; cp a want"),
    Way(name: "cat", script: "cat a >$f; cp a want"),
    Way(name: "tee", script: "cat a | tee $f >/dev/null; cp a want"),
    Way(name: "tee -a", script: "cp a $f; tee -a $f <b >/dev/null; cat a b >want", blobs: 2),
    Way(name: "dd, odd blocks", script: "dd if=a of=$f bs=777 status=none; cp a want"),
    Way(name: "dd with fsync", script: "dd if=a of=$f bs=64k conv=fsync status=none; cp a want"),
    Way(
      name: "dd, an overwritten middle",
      script: "cp a $f; cp a want; for o in $f want; do dd if=b of=$o bs=1 seek=1000 conv=notrunc status=none; done",
      blobs: 2),
    Way(
      name: "dd, far behind the end",
      script: "for o in $f want; do dd if=b of=$o bs=1 seek=5000000 conv=notrunc status=none; done"),
    Way(
      name: "dd, blocks backwards",
      script: "python3 -c 'import sys; d = open(\"a\", \"rb\").read()\nwith open(sys.argv[1], \"wb\") as f:\n"
        + " for o in range(len(d) // 50000 * 50000, -1, -50000):\n  f.seek(o); f.write(d[o:o + 50000])' $f; cp a want"),
    Way(name: "install -m", script: "install -m 751 a $f; cp a want; is $(stat -c %a $f) 751"),
    Way(name: "head of a pipe", script: "cat a | head -c 4097 >$f; head -c 4097 a >want"),
    Way(
      name: "one descriptor, two writes",
      script: "exec 3>$f; echo a >&3; echo b >&3; exec 3>&-; printf 'a\\nb\\n' >want"),
    Way(name: "a group of programs", script: "{ /bin/echo a; /bin/echo b; } >$f; printf 'a\\nb\\n' >want"),
    Way(name: "a subshell", script: "(echo a; (echo b); /bin/echo c) >$f; printf 'a\\nb\\nc\\n' >want"),
    Way(
      name: "a loop of programs",
      script: "for i in 1 2 3 4 5; do /bin/echo $i; done >$f; printf '1\\n2\\n3\\n4\\n5\\n' >want"),
    Way(name: "a background writer", script: "cat a >$f & wait; cp a want"),
    Way(
      name: "a background writer that inherits the descriptor",
      script: "{ cat a & wait; cat b; } >$f; cat a b >want"),
    Way(
      name: "the opener closes first, a child writes on",
      script: "(sleep 0.3; cat b) >$f & wait; cp b want"),
    Way(name: "appending twice", script: "cat a >>$f; cat b >>$f; cat a b >want", blobs: 2),
    Way(name: "appending to nothing", script: "cat b >>$f; cp b want"),
    Way(name: "empty, by the shell", script: ": >$f; : >want"),
    Way(name: "empty, by touch", script: "touch $f; : >want"),
    Way(name: "empty, by cp", script: ": >e; cp e $f; : >want"),
    Way(name: "touch of what is there", script: "cp a $f; touch $f; cp a want"),
    Way(name: "truncate to a length", script: "truncate -s 100000 $f; truncate -s 100000 want"),
    Way(name: "truncate what is there", script: "cp a $f; truncate -s 5000 $f; head -c 5000 a >want", blobs: 2),
    Way(
      name: "extend what is there", script: "cp b $f; truncate -s 70000 $f; cp b want; truncate -s 70000 want", blobs: 2
    ),
    Way(
      name: "a sparse file",
      script:
        "truncate -s 3M s; dd if=b of=s bs=1 seek=2000000 conv=notrunc status=none; cp --sparse=always s $f; cp s want"),
    Way(name: "cut to nothing and written again", script: "exec 3>$f; cat a >&3; : >$f; exec 3>&-; : >want"),
    Way(name: "mv into place inside", script: "cp a $mnt/incoming/g; mv $mnt/incoming/g $f; cp a want; absent g"),
    Way(
      name: "mv over a name",
      script: "cp b $f; cp a $mnt/incoming/g; mv $mnt/incoming/g $f; cp a want; absent g", blobs: 2),
    Way(name: "mv from outside", script: "cp a want; mv a $f"),
    Way(
      name: "renamed while it is open",
      script: "exec 3>$mnt/incoming/g; cat a >&3; mv $mnt/incoming/g $f; cat b >&3; exec 3>&-; cat a b >want"),
    Way(name: "sed -i", script: "printf 'x\\ny\\n' >$f; sed -i s/x/z/ $f; printf 'z\\ny\\n' >want", blobs: 2),
    Way(name: "sort -o on itself", script: "printf '2\\n1\\n' >$f; sort -o $f $f; printf '1\\n2\\n' >want", blobs: 2),
  ]

  @Test("I2 I3 I5 I7: a way of writing makes its blobs and no other", arguments: ways)
  func way(_ way: Way) throws {
    try ScriptedMount.mounted().check(Self.sources + way.script + "\ncommitted f want\nblobs \(way.blobs)")
  }

  @Test("I3 I4: who looks at once sees what the end of the last descriptor publishes")
  func publishedByNobody() throws {
    try ScriptedMount.mounted().check(
      """
      cat >t.py <<'E'
      import os, sys
      mnt = sys.argv[1]
      def opened(name): return os.open(f"{mnt}/incoming/{name}", os.O_WRONLY | os.O_CREAT)
      for i in range(30):
        os.close(opened(f"empty{i}"))
        if i % 2: os.readlink(f"{mnt}/committed/empty{i}")
        else: assert f"empty{i}" in os.listdir(f"{mnt}/committed")
      for i in range(6):
        begin, go = os.pipe()
        file = opened(f"big{i}")
        if os.fork() == 0:
          os.read(begin, 1)
          os.write(file, bytes([i]) * 5_000_000)
          os._exit(0)
        os.close(file)
        os.write(go, b"x")
        os.wait()
        if i % 2: assert os.stat(f"{mnt}/committed/big{i}").st_size == 5_000_000
        else: assert f"big{i}" in os.listdir(f"{mnt}/committed")
      E
      python3 t.py $mnt
      blobs 7; is "$(counter commits)" 36
      """)
  }

  @Test("M6: status tells of a commit that is pending")
  func pending() throws {
    try ScriptedMount.mounted().check(
      """
      is "$("$casfs" status --json $mnt | jq .commits_pending)" 0
      # To hash it takes a while; it needs no room.
      truncate -s 2G $mnt/incoming/f & writer=$!
      eventually bash -c '[ "$("$casfs" status --json $mnt | jq .commits_pending)" = 1 ]'
      wait $writer
      is "$("$casfs" status --json $mnt | jq .commits_pending)" 0
      """)
  }

  @Test("I11 I3: every close repeats the error of a write that failed, of a copy and of a child too", .needs(.root))
  func repeatedError() throws {
    try ScriptedMount().check(
      """
      mkdir small; mount -t tmpfs -o size=1m none small
      "$casfs" mount --create small/store $mnt
      cat >t.py <<'E'
      import errno, os, sys
      def refused(call):
        try: call()
        except OSError as error: assert error.errno == errno.ENOSPC, error
        else: assert False
      for first in b"", b"some":
        file = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
        if first: os.write(file, first)
        refused(lambda: os.pwrite(file, b"much" * 500_000, 4))
        refused(lambda: os.write(file, b"more"))
        copy = os.dup(file)
        refused(lambda: os.close(copy))
        child = os.fork()
        if child == 0:
          refused(lambda: os.close(file))
          os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        refused(lambda: os.close(file))
        assert not os.path.exists(sys.argv[1])
      E
      head -c 600000 /dev/zero >small/ballast
      python3 t.py $mnt/incoming/f
      is "$(ls $mnt/blobs/sha256)" ''
      """)
  }
}
