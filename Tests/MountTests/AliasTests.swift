import TestSupport
import Testing

/// What a name of `incoming/` is to the tools that look at it, besides its content.
@Suite(.needs(.fuse)) struct AliasTests {
  @Test("I8: groups are given as on a disk", .needs(.root, .tools("setpriv", "rsync")))
  func groups() throws {
    try ScriptedMount.mounted("allow_other,uid=65534,gid=65534").check(
      """
      chmod 777 .
      cat >t <<'E'
      # The caller is in 1234 besides its own group, and not in 4321.
      echo x >f; chgrp 1234 f; is $(stat -c %g f) 1234
      refused 'Operation not permitted' chgrp 4321 f
      echo x >$top/s; chgrp 1234 $top/s; chmod 640 $top/s
      rsync -a $top/s r; cp -p $top/s c
      is "$(stat -c '%g %a' r c | sort -u)" '1234 640'
      # A directory hands its group down.
      mkdir d; chgrp 1234 d; chmod 2775 d
      echo x >d/f; mkdir d/d
      is "$(stat -c '%g %a' d/f d/d)" "$(printf '1234 644\\n1234 2755')"
      # Nobody but root writes into a program that runs as somebody else.
      chmod 6755 f; echo y >>f; is $(stat -c %a f) 755
      E
      user="setpriv --reuid=65534 --regid=65534 --groups=1234"
      # A disk does the same.
      mkdir disk; chown 65534:65534 disk
      for place in disk $mnt/incoming; do
        (cd $place; $user env top=$top bash -c '. $top/prelude; . $top/t')
      done
      """)
  }

  @Test("I8: a name goes with its blob wherever it is looked for first, whoever removed it")
  func removedByOthers() throws {
    try ScriptedMount.mounted().check(
      """
      look() {
        case $1 in
          link) refused 'No such file' stat $mnt/committed/f ;;
          links) is "$(ls $mnt/committed)" '' ;;
          name) refused 'No such file' stat $mnt/incoming/f ;;
          names) is "$(ls $mnt/incoming)" '' ;;
        esac
      }
      for place in link links name names; do
        echo $place >$mnt/incoming/f
        "$casfs" blob rm $store sha256:$(echo $place | sha256sum | cut -c 1-64); sleep 1
        look $place; absent f
      done
      """)
  }

  @Test("I8: who has a name open goes on when it, or its blob, is removed")
  func removed() throws {
    try ScriptedMount.mounted().check(
      """
      echo x >$mnt/incoming/f; hex=$(echo x | sha256sum | cut -c 1-64)
      exec 3<$mnt/incoming/f
      rm $mnt/blobs/sha256/$hex
      absent f; is "$(cat <&3)" x
      exec 3>$mnt/incoming/g; mkdir $mnt/incoming/d; exec 4<$mnt/incoming/d
      rm $mnt/incoming/g; rmdir $mnt/incoming/d
      is "$(stat -L -c %h /dev/fd/3 /dev/fd/4 | tr '\\n' ' ')" '0 0 '
      """)
  }

  @Test("T4 I8: tools that keep extended attributes take a file out and bring it in", .needs(.tools("rsync")))
  func attributesKept() throws {
    try ScriptedMount.mounted().check(
      """
      echo x >f; setfattr -n user.note -v text f
      rsync -aX f $mnt/incoming/; rsync -aX f $mnt/incoming/; cp --preserve=all,xattr f $mnt/incoming/g
      cp --preserve=xattr $mnt/incoming/f $mnt/blobs/sha256/* .
      tar --xattrs -cf t -C $mnt/incoming f; rm $mnt/incoming/f; tar --xattrs -xf t -C $mnt/incoming
      is "$(getfattr --only-values -n user.note f)$(getfattr --only-values -n user.note $mnt/incoming/f)" texttext
      mv $(hex f) $mnt/incoming/h 2>said; is "$(cat said)" ''
      for name in f g h; do committed $name f; done
      """)
  }

  @Test("I8: a link longer than a path can be is ENAMETOOLONG, and what it is in can be removed")
  func deep() throws {
    try ScriptedMount.mounted().check(
      """
      cat >t.py <<'E'
      import errno, os, sys
      def down(place, step):
        os.chdir(sys.argv[1] + place)
        for level in range(1400):
          step("d")
          os.chdir("d")
      down("/incoming", os.mkdir)
      with open("f", "w") as file: file.write("x")
      down("/committed", lambda name: None)
      assert os.listdir() == ["f"]
      try: os.readlink("f")
      except OSError as error: assert error.errno == errno.ENAMETOOLONG, error
      else: assert False
      E
      python3 t.py $mnt
      blobs 1
      rm -r $mnt/incoming/d; is "$(ls $mnt/committed)" ''
      """)
  }
}
