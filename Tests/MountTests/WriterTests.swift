import TestSupport
import Testing

/// Programs that write, and the blobs they make.
@Suite(.needs(.fuse)) struct WriterTests {
  /// A way of writing: a script that writes `$f`, and a file `want` with the expected content.
  struct Way: Sendable, CustomTestStringConvertible {
    var name: String
    var script: String
    var blobs = 1
    var testDescription: String { name }
  }

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
    Way(name: "install -m", script: "install -m 751 a $f; cp a want; assert_eq $(stat -c %a $f) 751"),
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
    Way(
      name: "mv into place inside", script: "cp a $mnt/incoming/g; mv $mnt/incoming/g $f; cp a want; assert_absent g"),
    Way(
      name: "mv over a name",
      script: "cp b $f; cp a $mnt/incoming/g; mv $mnt/incoming/g $f; cp a want; assert_absent g", blobs: 2),
    Way(name: "mv from outside", script: "cp a want; mv a $f"),
    Way(
      name: "renamed while it is open",
      script: "exec 3>$mnt/incoming/g; cat a >&3; mv $mnt/incoming/g $f; cat b >&3; exec 3>&-; cat a b >want"),
    Way(name: "sed -i", script: "printf 'x\\ny\\n' >$f; sed -i s/x/z/ $f; printf 'z\\ny\\n' >want", blobs: 2),
    Way(name: "sort -o on itself", script: "printf '2\\n1\\n' >$f; sort -o $f $f; printf '1\\n2\\n' >want", blobs: 2),
  ]

  @Test("I2 I3 I5 I7: a program makes its blobs and no others", arguments: ways)
  func way(_ way: Way) throws {
    try ScriptedMount.mounted().run("Writer/way.sh", ["way": way.script, "blobs": "\(way.blobs)"])
  }

  @Test("I3 I4: a lookup right after the last close sees the blob that it publishes")
  func publishedByNobody() throws {
    try ScriptedMount.mounted().run("Writer/published-by-nobody.sh")
  }

  @Test("M6: status counts a pending commit")
  func pending() throws {
    try ScriptedMount.mounted().run("Writer/pending.sh")
  }

  @Test("I11 I3: every close repeats the error of a failed write, also of a duplicate and in a child", .needs(.root))
  func repeatedError() throws {
    try ScriptedMount().run("Writer/repeated-error.sh")
  }
}
