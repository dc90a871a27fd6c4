import TestSupport
import Testing

/// The rules of writing into `incoming`, one by one.
@Suite(.needs(.fuse)) struct IncomingTests {
  @Test("I1: closing descriptors that wrote nothing makes nothing")
  func nothingWritten() throws {
    try ScriptedMount.mounted().check(
      """
      exec 3>$mnt/incoming/f
      true >&3; /bin/true >&3
      (exec 3>&-)
      blobs 0
      is "$(counter commits)" 0
      echo a >&3; exec 3>&-
      blobs 1
      exec 3<$mnt/incoming/f; exec 3<&-
      exec 3<>$mnt/incoming/f; exec 3>&-
      is "$(counter commits)" 1
      """)
  }

  @Test("I2: the blob is there when close returns, and not before while another descriptor is open")
  func lastClose() throws {
    try ScriptedMount.mounted().check(
      #"""
      cat >t.py <<'E'
      import os, sys, hashlib
      mnt, store = sys.argv[1:]
      def stored(data): return os.path.exists(f"{store}/blobs/sha256/{hashlib.sha256(data).hexdigest()}")
      for i in range(50):
        data = os.urandom(5000)
        fd = os.open(f"{mnt}/incoming/f{i}", os.O_WRONLY | os.O_CREAT)
        copy = os.dup(fd)
        os.write(fd, data)
        os.close(fd)
        assert not stored(data), "published while a duplicate is open"
        os.close(copy)
        assert stored(data), "not there after the last close"
        assert os.path.samefile(f"{mnt}/committed/f{i}", f"{mnt}/blobs/sha256/{hashlib.sha256(data).hexdigest()}")
      E
      python3 t.py $mnt $store
      blobs 50
      """#)
  }

  @Test("I3: a child that inherited the descriptor publishes nothing by closing it")
  func inherited() throws {
    try ScriptedMount.mounted().check(
      """
      exec 3>$mnt/incoming/f
      /bin/echo a >&3
      /bin/echo b >&3
      blobs 0
      exec 3>&-
      printf 'a\\nb\\n' >want
      committed f want
      blobs 1
      """)
  }

  @Test("I3: what is stored through a mapping after the close is published with the last unmapping")
  func lateMapping() throws {
    try ScriptedMount.mounted().check(
      #"""
      cat >t.py <<'E'
      import mmap, os, sys
      fd = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
      os.ftruncate(fd, 8192)
      map = mmap.mmap(fd, 8192)
      map[0:5] = b"early"
      if sys.argv[2] == "late":
        os.close(fd)
        map[5000:5004] = b"late"
        map.close()
      else:
        map.close()
        os.close(fd)
      E
      python3 t.py $mnt/incoming/early early
      truncate -s 8192 want; printf early | dd of=want conv=notrunc status=none
      committed early want
      python3 t.py $mnt/incoming/late late
      printf late | dd of=want bs=1 seek=5000 conv=notrunc status=none
      eventually cmp $mnt/committed/late want
      committed late want
      """#)
  }

  @Test("I3 I9: a failure after the last close leaves the name, with the reason as an attribute")
  func lateFailure() throws {
    try ScriptedMount.mounted().check(
      """
      hex=$(printf a | sha256sum | cut -c 1-64)
      # The shell opens, and ends before the one that writes.
      (sleep 0.3; echo other) >$mnt/incoming/$hex &
      wait
      bash -c "exec 3>$mnt/incoming/sha256:$hex; (sleep 0.5; echo other >&3) & "
      eventually getfattr -n user.casfs.error --only-values $mnt/incoming/sha256:$hex
      blobs 0
      [ "$(counter failures)" -ge 1 ]
      echo again >$mnt/incoming/f; blobs 1
      """)
  }

  @Test("I4: names, digests and listings wait for a commit under way")
  func readAfterClose() throws {
    try ScriptedMount.mounted().check(
      """
      for i in {1..40}; do
        head -c $((i * 20000)) /dev/urandom >a
        hex=$(hex a)
        cp a $mnt/incoming/f$i
        [ -e $mnt/blobs/sha256/$hex ]
        [ -L $mnt/committed/f$i ]
        is "$(ls $mnt/blobs/sha256 | grep -c $hex)" 1
        cmp a $mnt/incoming/f$i
      done
      is "$(ls $mnt/committed | wc -l)" 40
      """)
  }

  @Test("I5: writing on makes another blob and leaves the first as it was")
  func writingOn() throws {
    try ScriptedMount.mounted().check(
      """
      head -c 300000 /dev/urandom >a; cp a b; echo more >>b
      cp a $mnt/incoming/f; first=$(readlink $mnt/committed/f)
      exec 3<$mnt/committed/f
      echo more >>$mnt/incoming/f
      committed f b
      cmp a <(cat <&3)
      cmp a $mnt/committed/$first
      blobs 2
      exec 3<>$mnt/incoming/f
      echo one >&3; printf one\\\\n | dd of=b conv=notrunc status=none; /bin/true >&3
      exec 3>&-
      committed f b
      blobs 3
      """)
  }

  @Test("I7: sendfile and copying within the kernel make the same blob")
  func sendfile() throws {
    try ScriptedMount.mounted().check(
      #"""
      head -c 3000000 /dev/urandom >a
      cat >t.py <<'E'
      import os, sys
      source = os.open(sys.argv[1], os.O_RDONLY)
      for how in "send", "range":
        target = os.open(f"{sys.argv[2]}/{how}", os.O_WRONLY | os.O_CREAT)
        at = 0
        while at < 3000000:
          if how == "send": at += os.sendfile(target, source, at, 3000000 - at)
          else:
            try: at += os.copy_file_range(source, target, 3000000 - at, at, at)
            except OSError: at += os.sendfile(target, source, at, 3000000 - at)
        os.close(target)
      E
      python3 t.py a $mnt/incoming
      committed send a
      committed range a
      blobs 1
      """#)
  }

  @Test("I8: mode, times and attributes given after the close stay with the name")
  func alias() throws {
    try ScriptedMount.mounted().check(
      """
      echo a >a; cp a $mnt/incoming/f
      cd $mnt/incoming
      chmod 604 f; touch -d '2001-02-03 04:05:06 UTC' f; chown "$(id -u)" f
      setfattr -n user.note -v text f
      is "$(stat -c '%a %Y' f)" '604 981173106'
      is "$(getfattr --only-values -n user.note f)" text
      setfattr -x user.note f
      refused 'No such attribute' getfattr -n user.note f
      cd $top
      committed f a
      mkdir $mnt/incoming/d; mv $mnt/incoming/f $mnt/incoming/d/g
      absent f; committed d/g a
      is "$(stat -c '%a %Y' $mnt/incoming/d/g)" '604 981173106'
      for change in "touch $mnt/committed/x" "mkdir $mnt/committed/x" "ln -s a $mnt/committed/x"; do
        if $change 2>/dev/null; then fail "went through: $change"; fi
      done
      rm $mnt/incoming/d/g
      absent d/g
      blobs 1
      """)
  }

  @Test("I8: a name has as many attributes as on ext4, and no more")
  func attributeLimit() throws {
    try ScriptedMount.mounted().check(
      #"""
      touch $mnt/incoming/f
      cat >t.py <<'E'
      import errno, os, sys
      path = sys.argv[1]
      os.setxattr(path, "user.a", b"a" * 40000)
      try: os.setxattr(path, "user.b", b"b" * 40000)
      except OSError as error: assert error.errno == errno.ENOSPC, error
      else: assert False, "there was room"
      os.setxattr(path, "user.a", b"c" * 20000)
      os.setxattr(path, "user.b", b"b" * 40000)
      assert os.getxattr(path, "user.a") == b"c" * 20000
      E
      python3 t.py $mnt/incoming/f
      """#)
  }

  @Test("I8: a blob that is deleted takes its aliases with it")
  func aliasOfNothing() throws {
    try ScriptedMount.mounted().check(
      """
      echo a >$mnt/incoming/f
      "$casfs" blob rm $store sha256:$(printf 'a\\n' | sha256sum | cut -c 1-64)
      eventually test ! -e $mnt/incoming/f
      eventually test ! -L $mnt/committed/f
      echo b >$mnt/incoming/f; echo b >want
      committed f want
      """)
  }

  @Test("I9: a name that is a digest takes no other content, at create and at rename")
  func promise() throws {
    try ScriptedMount.mounted().check(
      """
      echo a >a; echo b >b; hex=$(hex a); cd $mnt/incoming
      refused 'Bad message' cp $top/b $hex
      refused 'Bad message' cp $top/b sha256:$hex
      (cd $top; blobs 0; absent $hex; absent sha256:$hex)
      cp $top/a $hex; cp $top/a sha256:$hex
      (cd $top; committed $hex a; committed sha256:$hex a)
      rm $hex; cp $top/b x
      refused 'Bad message' mv x $hex
      (cd $top; committed x b; absent $hex; blobs 2)
      cp $top/a y; mv y $hex
      (cd $top; committed $hex a; absent y)
      """)
  }

  @Test("I8: names that are not UTF-8 are names like others")
  func strangeNames() throws {
    try ScriptedMount.mounted().check(
      #"""
      cat >t.py <<'E'
      import errno, os, sys
      mnt, store = (path.encode() for path in sys.argv[1:])
      last = "\U0010ff80".encode()
      names = [b"\xff", b"a\xc3", b"\xc3(", b"\xed\xa0\x80", last, last[:3], last[2:], b"\xf4", "\U0010ffff\xe9".encode(),
        "e\u0301".encode(), bytes(range(0x80, 0x100)), b"\xfe" * 255, b"line\nline", b"\x01\x7f"]
      for name in names:
        with open(mnt + b"/incoming/" + name, "wb") as file: file.write(name)
      for place in b"incoming", b"committed": assert sorted(os.listdir(mnt + b"/" + place)) == sorted(names), place
      for name in names:
        with open(mnt + b"/committed/" + name, "rb") as file: assert file.read() == name
        attribute = b"user." + name[:200]
        if b"\n" not in name: os.setxattr(mnt + b"/incoming/" + name, attribute, b"x")
        if b"\n" not in name: assert os.fsencode(attribute) in map(os.fsencode, os.listxattr(mnt + b"/incoming/" + name))
        os.rename(mnt + b"/incoming/" + name, mnt + b"/incoming/" + name[:250] + b"\xfd")
      assert sorted(os.listdir(mnt + b"/incoming")) == sorted(name[:250] + b"\xfd" for name in names)
      for name in names: os.unlink(mnt + b"/incoming/" + name[:250] + b"\xfd")
      os.mkdir(mnt + b"/incoming/\xff"); os.rmdir(mnt + b"/incoming/\xff")
      def refused(number, body):
        try: body()
        except OSError as error: assert error.errno == number, error
        else: assert False
      for name in b"\xfe" * 256, b"x" * 256, b"x" * 1000, "\xe9".encode() * 128:
        for place in b"incoming", b"blobs", b"refs", b"images", b"committed":
          path = mnt + b"/" + place + b"/" + name
          refused(errno.ENAMETOOLONG, lambda: os.stat(path))
          refused(errno.ENAMETOOLONG, lambda: os.open(path, os.O_WRONLY | os.O_CREAT))
          refused(errno.ENAMETOOLONG, lambda: os.mkdir(path))
      refused(errno.EINVAL, lambda: os.open(mnt + b"/refs/\xff", os.O_WRONLY | os.O_CREAT))
      refused(errno.ENOENT, lambda: os.stat(mnt + b"/refs/\xff"))
      E
      python3 t.py $mnt $store
      touch $mnt/incoming/$'\xff'; is "$(ls $mnt/incoming)" $'\xff'
      "$casfs" status --json $mnt | jq -e .counters.commits >/dev/null
      blobs 15
      # A name ends at a component that goes up.
      echo x >$mnt/incoming/../incoming/f; is "$(cat $mnt/committed/../incoming/f)" x
      is "$(stat -c %i $mnt/incoming/..)" "$(stat -c %i $mnt)"
      """#)
  }

  @Test("I10: directories are made, moved and removed; fsync makes no blob")
  func directories() throws {
    try ScriptedMount.mounted().check(
      """
      mkdir -p $mnt/incoming/a/b/c; echo x >$mnt/incoming/a/b/c/f; echo x >want
      committed a/b/c/f want
      refused 'Directory not empty' rmdir $mnt/incoming/a/b/c
      mv $mnt/incoming/a/b $mnt/incoming/z
      committed z/c/f want; absent a/b/c/f
      rmdir $mnt/incoming/a
      refused 'Invalid argument' python3 -c 'import os, sys; os.rename(sys.argv[1], sys.argv[2])' \
        $mnt/incoming/z $mnt/incoming/z/c/z
      rm -r $mnt/incoming/z; is "$(ls -A $mnt/incoming)$(ls -A $mnt/committed)" ""
      exec 3>$mnt/incoming/f; echo y >&3; sync $mnt/incoming/f; blobs 1
      exec 3>&-; blobs 2
      """)
  }

  @Test("I10: cp -r, rsync -a and tar bring a tree in", .needs(.tools("rsync")), arguments: ["cp", "rsync", "tar"])
  func tree(program: String) throws {
    let command =
      switch program {
      case "cp": "cp -rp tree/. $mnt/incoming/t"
      case "rsync": "rsync -a tree/ $mnt/incoming/t"
      default: "mkdir $mnt/incoming/t; tar -c -C tree . | tar -x -C $mnt/incoming/t"
      }
    try ScriptedMount.mounted().check(
      """
      mkdir -p tree/a/b 'tree/with space'
      head -c 200000 /dev/urandom >tree/a/big; echo x >tree/a/b/x; echo y >'tree/with space/y'; : >tree/empty
      echo x >tree/same; chmod 640 tree/a/big; touch -d '2001-02-03 UTC' tree/a/big tree/a
      \(command)
      diff -r tree $mnt/incoming/t
      (cd tree; find . -type f) | while read -r f; do committed "t/$f" "tree/$f"; done
      is "$(stat -c '%a %Y' $mnt/incoming/t/a/big)" "$(stat -c '%a %Y' tree/a/big)"
      is "$(stat -c %Y $mnt/incoming/t/a)" "$(stat -c %Y tree/a)"
      blobs 4
      [ \(program) != rsync ] || { rsync -ai tree/ $mnt/incoming/t >changes; is "$(cat changes)" ''; }
      """)
  }

  @Test("I2: eight writers at once make all of their blobs")
  func parallel() throws {
    try ScriptedMount.mounted().check(
      """
      for w in {1..8}; do
        mkdir w$w; for i in {1..20}; do head -c $((RANDOM * 8)) /dev/urandom >w$w/$i; done
      done
      for w in {1..8}; do (cp -r w$w $mnt/incoming/) & done; wait
      for w in {1..8}; do for i in {1..20}; do committed w$w/$i w$w/$i; done; done
      is "$(counter commits)" 160
      """)
  }

  @Test("I8: a file that is removed while it is open is nobody's blob")
  func removedWhileOpen() throws {
    try ScriptedMount.mounted().check(
      """
      exec 3<>$mnt/incoming/f; echo a >&3; rm $mnt/incoming/f
      is "$(head -c 2 /dev/fd/3 )" a
      echo b >&3; exec 3>&-
      absent f; blobs 0
      echo c >$mnt/incoming/f; echo c >want; committed f want; blobs 1
      """)
  }
}
