import TestSupport
import Testing

/// Processes that have no descriptor left.
@Suite struct LastDescriptorTests {
  @Test(
    "E15 C1 D3 D4: with too few descriptors a command says so, and leaves nothing, or does it all",
    .needs(.tools("prlimit")))
  func commands() throws {
    try ScriptedMount().check(
      #"""
      "$casfs" create $store; seq 100 >a; head -c 100000 /dev/urandom >new; "$casfs" blob put $store a
      "$casfs" ref put $store a sha256:$(hex a); find $store | sort >before
      least=4; until prlimit --nofile=$least "$casfs" --version; do least=$((least + 1)); done
      failures=0
      for ((limit = least; limit < least + 8; limit++)); do
        for command in "blob put $store new" "ref put $store b sha256:$(hex a)" "ref rm $store b" "blob ls $store" \
          "blob get $store a" "fsck $store" "gc --grace 1h $store" "clean $store" "create $top/other"; do
          status=0; prlimit --nofile=$limit "$casfs" $command >out 2>err || status=$?
          if [ $status != 0 ]; then
            failures=$((failures + 1)); is "$command: $status $(wc -l <err)" "$command: 1 1"
            grep -q '^casfs: .*: Too many open files' err || fail "$command: $(cat err)"
          fi
          rm -rf other $store/blobs/sha256/$(hex new); "$casfs" ref rm $store b
          find $store | sort | cmp before; is "$(find $top -maxdepth 1 -name '.casfs*')" ''
        done
      done
      [ $failures -ge 8 ] || fail "$failures failures"
      """#)
  }

  @Test(
    "I11 V2 E15: with no descriptors left a daemon says so to who needs one, answers the others, and goes on later",
    .needs(.fuse, .root, .tools("prlimit")), arguments: ["auto", "splice"])
  func daemon(mode: String) throws {
    try ScriptedMount().check(
      #"""
      "$casfs" create $store; for i in {1..80}; do echo $i >f$i; done; "$casfs" blob put $store f*
      "$casfs" ref put $store a sha256:$(hex f1)
      prlimit --nofile=40 "$casfs" mount -o read=\#(mode) $store $mnt; server=$(server)
      # One after the other needs one at a time.
      for i in {1..80}; do cmp f$i $mnt/blobs/sha256/$(hex f$i); done
      cat >t.py <<'E'
      import errno, os, sys
      top = sys.argv[1]; blobs = top + "/blobs/sha256"
      def lacks(what):
        try: what()
        except OSError as error: assert error.errno == errno.EMFILE, error
        else: assert False, "it has one"
      names = os.listdir(blobs); opened = []
      try:
        for name in names: opened.append(os.open(blobs + "/" + name, os.O_RDONLY))
      except OSError as error: assert error.errno == errno.EMFILE, error
      assert 15 < len(opened) < 40, len(opened)
      lacks(lambda: os.listdir(blobs)); lacks(lambda: os.listdir(top + "/refs"))
      for name in names: os.stat(blobs + "/" + name)
      os.getxattr(top, "user.casfs.status"); os.statvfs(top); os.listdir(top); os.listdir(top + "/incoming")
      for file in opened: assert os.pread(file, 9, 0)
      file = os.open(top + "/incoming/x", os.O_WRONLY | os.O_CREAT)
      lacks(lambda: os.write(file, b"x")); lacks(lambda: os.close(file))
      E
      python3 t.py $mnt
      eventually test ! -e $mnt/incoming/x; absent x
      for i in {1..80}; do cmp f$i $mnt/blobs/sha256/$(hex f$i); done
      echo y >y; cp y $mnt/incoming/y; committed y y; cp $mnt/refs/a $mnt/refs/b; is "$server" "$(server)"
      "$casfs" unmount $mnt; blobs 81; sound
      """#)
  }
}
