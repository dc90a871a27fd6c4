import TestSupport
import Testing

/// Each way in which the content of blobs reaches the kernel.
@Suite(.needs(.fuse)) struct ReadModeTests {
  static let modes = Machine.readModes + ["verify=always"]

  /// Reads a file, given as an argument, in every way there is, and compares it with a copy.
  static let readers = #"""
    cat >readers.py <<'E'
    import mmap, os, sys, threading
    blob, copy = sys.argv[1:3]
    want = open(copy, "rb").read()
    fd = os.open(blob, os.O_RDONLY)
    assert mmap.mmap(fd, 0, mmap.MAP_PRIVATE, mmap.PROT_READ)[:] == want, "private mapping"
    assert mmap.mmap(fd, 0, mmap.MAP_SHARED, mmap.PROT_READ)[:] == want, "shared mapping"
    out = os.open("sent", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    sent = 0
    while sent < len(want): sent += os.sendfile(out, fd, sent, len(want))
    assert open("sent", "rb").read() == want, "sendfile"
    for offset in 0, 1, 4095, 4096, 131072, len(want) - 1, len(want), len(want) + 5:
      assert os.pread(fd, 5000, offset) == want[offset:offset + 5000], f"at {offset}"
    wrong = []
    def read():
      if open(blob, "rb").read() != want: wrong.append(1)
    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    assert not wrong, "many at once"
    E

    """#

  @Test(
    "V1 B1: a blob is read by read, mmap, sendfile, many at once, and executed, in every mode; and is never written",
    arguments: modes)
  func reading(mode: String) throws {
    try ScriptedMount.mounted(mode).check(
      Self.readers + BlobTests.attempts + """
        head -c 3000001 /dev/urandom >a; cp a $mnt/incoming/f
        cp /usr/bin/true b; "$casfs" blob put $store b >/dev/null; : >c; "$casfs" blob put $store c >/dev/null
        blob=$mnt/blobs/sha256/$(hex a)
        python3 readers.py $blob a; python3 readers.py $mnt/committed/f a; python3 readers.py $mnt/incoming/f a
        cmp $mnt/blobs/sha256/$(hex c) c; cmp $mnt/blobs/sha256/$(hex b) b
        $(ls /lib64/ld-linux* /lib/ld-linux* 2>/dev/null | head -n 1) $mnt/blobs/sha256/$(hex b)
        python3 t.py $blob
        exec 3<$blob; python3 t.py $blob; cmp a - <&3
        blobs 3
        """)
  }

  @Test(
    "B4 E7: a blob replaced or deleted while it is open stays as it was for who has it open", arguments: modes)
  func replacing(mode: String) throws {
    try ScriptedMount.mounted(mode).check(
      """
      head -c 300000 /dev/urandom >a; hex=$("$casfs" blob put $store a | cut -d : -f 2); blob=$mnt/blobs/sha256/$hex
      before=$(stat -c %i $blob); exec 3<$blob; head -c 10 <&3 | cmp -n 10 - a
      cp a $store/blobs/sha256/new; mv -f $store/blobs/sha256/new $store/blobs/sha256/$hex
      for i in 1 2 3; do cmp a $blob; is "$(stat -c %i $blob)" $before; done
      exec 4<$blob; rm $blob; refused 'No such file' cat $blob
      cmp a - <&4; python3 -c "import os; assert os.pread(3, 300000, 0) == open('a', 'rb').read()"
      cp a $mnt/incoming/a; cmp a $blob
      """)
  }

  @Test("V2: a wrong byte is served in no mode", arguments: modes)
  func corrupt(mode: String) throws {
    try ScriptedMount.mounted(mode).check(
      """
      head -c 3000000 /dev/urandom >a; hex=$("$casfs" blob put $store a | cut -d : -f 2); blob=$mnt/blobs/sha256/$hex
      chmod 644 $store/blobs/sha256/$hex
      printf X | dd of=$store/blobs/sha256/$hex bs=1 seek=2999999 conv=notrunc status=none
      for i in 1 2 3; do
        refused 'Input/output error' head -c 1 $blob
        refused 'Input/output error' python3 -c "import mmap; mmap.mmap(open('$blob').fileno(), 1, prot=mmap.PROT_READ)[0]"
      done
      cp a $mnt/incoming/a; cmp a $blob
      # What the kernel has of the good copy is not taken for the next.
      chmod 644 $store/blobs/sha256/$hex; sleep 0.02; truncate -s 1000000 $store/blobs/sha256/$hex
      eventually bash -c "! cat $blob"
      refused 'Input/output error' cat $blob
      """)
  }

  @Test("M6: the best way to read blobs is found, another is taken when it is asked for, and status tells which")
  func modeIsTold() throws {
    try ScriptedMount().check(
      """
      mode() { "$casfs" status --json $mnt | jq -r .read_mode; }
      "$casfs" create $store
      for mode in passthrough splice copy; do
        if [ $mode = passthrough -a $UID != 0 ]; then
          refused 'the kernel does not read files by itself' "$casfs" mount -o read=$mode $store $mnt
          continue
        fi
        "$casfs" mount -o read=$mode $store $mnt; is "$(mode)" $mode; "$casfs" unmount $mnt
      done
      if [ $UID = 0 ]; then best=passthrough; else best=splice; fi
      "$casfs" mount -o read=auto $store $mnt; is "$(mode)" $best; "$casfs" unmount $mnt
      refused "read is one of auto" "$casfs" mount -o read=fast $store $mnt
      """)
  }

  @Test("V1: the kernel reads files of a store on an overlay by itself too", .needs(.root))
  func overlay() throws {
    try ScriptedMount().check(
      Self.readers + """
        mkdir lower upper work over; mount -t tmpfs none upper; mkdir upper/up upper/work
        mount -t overlay none -o lowerdir=lower,upperdir=upper/up,workdir=upper/work over
        trap 'umount -l $mnt over upper' EXIT
        "$casfs" mount --create over/store $mnt
        head -c 3000001 /dev/urandom >a; cp a $mnt/incoming/f
        python3 readers.py $mnt/blobs/sha256/$(hex a) a
        is "$("$casfs" status --json $mnt | jq -r .read_mode)" passthrough
        """)
  }
}
