import TestSupport
import Testing

/// Blobs through a mount: what cannot be done to them, and what is never served.
@Suite(.needs(.fuse)) struct BlobTests {
  /// Tries every way to change the blob whose path is the first argument; each must be EROFS.
  static let attempts = #"""
    cat >t.py <<'E'
    import ctypes, errno, mmap, os, sys
    path = sys.argv[1]
    libc = ctypes.CDLL(None, use_errno=True)
    def refused(what, body):
      try: body()
      except OSError as error:
        allowed = (errno.EROFS,) if os.geteuid() == 0 else (errno.EROFS, errno.EACCES, errno.EPERM)
        assert error.errno in allowed, f"{what}: {error}"
      else: assert False, f"{what} went through"
    for name in "O_WRONLY", "O_RDWR":
      for more in 0, os.O_TRUNC, os.O_APPEND, os.O_CREAT, os.O_DIRECT:
        refused(f"open {name} {more}", lambda: os.open(path, getattr(os, name) | more))
    refused("open O_TRUNC alone", lambda: os.open(path, os.O_RDONLY | os.O_TRUNC))
    refused("truncate", lambda: os.truncate(path, 0))
    refused("chmod", lambda: os.chmod(path, 0o666))
    refused("utime", lambda: os.utime(path, (1, 1)))
    fd = os.open(path, os.O_RDONLY)
    for body in (lambda: os.write(fd, b"x"), lambda: os.ftruncate(fd, 0), lambda: os.posix_fallocate(fd, 0, 10),
                 lambda: mmap.mmap(fd, 0, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)):
      try: body()
      except (OSError, PermissionError): pass
      else: assert False, "written through a descriptor for reading"
    try: os.open(f"/proc/self/fd/{fd}", os.O_RDWR)
    except OSError: pass
    else: assert False, "opened again for writing"
    E

    """#

  @Test("B1: blobs cannot be written by any way, by root", .needs(.root))
  func unwritable() throws {
    try ScriptedMount.mounted().check(
      Self.attempts + """
        echo content >$mnt/incoming/f; hex=$(echo content | sha256sum | cut -c 1-64)
        python3 t.py $mnt/blobs/sha256/$hex
        python3 t.py $mnt/committed/f
        cat $mnt/blobs/sha256/$hex >/dev/null
        python3 t.py $mnt/blobs/sha256/$hex
        blobs 1
        is "$(stat -c '%a %s' $store/blobs/sha256/$hex)" '444 8'
        """)
  }

  @Test("B1: blobs cannot be written by any way, by an ordinary user", .needs(.root, .tools("setpriv")))
  func unwritableByUsers() throws {
    try ScriptedMount.mounted("allow_other").check(
      Self.attempts + """
        echo content >$mnt/incoming/f; hex=$(echo content | sha256sum | cut -c 1-64); chmod 755 .
        setpriv --reuid=65534 --regid=65534 --clear-groups python3 t.py $mnt/blobs/sha256/$hex
        setpriv --reuid=65534 --regid=65534 --clear-groups cmp $mnt/blobs/sha256/$hex $mnt/incoming/f
        blobs 1
        """)
  }

  @Test("B4: a blob that is healed keeps its inode number and can be read again through old names")
  func replaced() throws {
    try ScriptedMount.mounted().check(
      """
      head -c 100000 /dev/urandom >a; cp a $mnt/incoming/f; hex=$(hex a); blob=$mnt/blobs/sha256/$hex
      before=$(stat -c %i $blob); exec 3<$blob
      for i in 1 2 3; do
        cp a $store/blobs/sha256/new; mv -f $store/blobs/sha256/new $store/blobs/sha256/$hex
        cmp a $blob; cmp a $mnt/incoming/f
        is "$(stat -c %i $blob)" $before
      done
      cmp a <(cat <&3)
      """)
  }

  @Test("B4: what stands for a copy that was replaced opens no other, which may have another length")
  func stale() throws {
    try ScriptedMount.mounted().check(
      """
      head -c 100000 /dev/urandom >a; hex=$("$casfs" blob put $store a | sed s/sha256://)
      head -c 10 a >$store/blobs/sha256/short; mv -f $store/blobs/sha256/short $store/blobs/sha256/$hex
      cat >t.py <<'E'
      import errno, os, subprocess, sys
      casfs, store, blob = sys.argv[1:]
      old = os.open(blob, os.O_PATH)
      assert os.fstat(old).st_size == 10
      subprocess.run([casfs, "blob", "put", store, "a"], check=True)
      try: os.open(f"/proc/self/fd/{old}", os.O_RDONLY)
      except OSError as error: assert error.errno == errno.ESTALE, error
      else: assert False
      with open("a", "rb") as whole, open(blob, "rb") as healed: assert whole.read() == healed.read()
      assert os.fstat(old).st_ino == os.stat(blob).st_ino
      E
      python3 t.py "$casfs" $store $mnt/blobs/sha256/$hex
      """)
  }

  @Test("V1: bytes of a blob changed in the store are noticed at the next open", arguments: ["once", "always"])
  func changed(mode: String) throws {
    try ScriptedMount.mounted("verify=\(mode)").check(
      """
      { head -c 2999999 /dev/urandom; echo; } >a; cp a $mnt/incoming/f; hex=$(hex a); blob=$mnt/blobs/sha256/$hex
      cmp a $blob
      is "$(counter failures)" 0
      chmod 644 $store/blobs/sha256/$hex; sleep 0.02
      printf X | dd of=$store/blobs/sha256/$hex bs=1 seek=2999999 conv=notrunc status=none
      eventually bash -c "! cat $blob"
      refused 'Input/output error' cat $blob
      [ "$(counter failures)" -ge 1 ]
      """)
  }

  @Test("V1: a blob is hashed once for each state of its file, not for each reader")
  func verifiedOnce() throws {
    try ScriptedMount.mounted().check(
      """
      head -c 2000000 /dev/urandom >a; hex=$("$casfs" blob put $store a | cut -d : -f 2); blob=$mnt/blobs/sha256/$hex
      for i in 1 2 3 4 5 6; do cmp a $blob & done; wait
      for i in 1 2 3 4 5 6; do cmp a $blob; done
      [ "$(counter verifications)" -le 6 ]; before=$(counter verifications)
      for i in 1 2 3 4 5 6; do cmp a $blob; done
      is "$(counter verifications)" "$before"
      touch $store/blobs/sha256/$hex; cmp a $blob
      is "$(counter verifications)" $((before + 1))
      """)
  }

  @Test("V2 E5: nothing of a corrupt blob is served, by any way of reading; others are; putting it again heals it")
  func corrupt() throws {
    let workshop = try ScriptedMount()
    try workshop.check(
      #"""
      "$casfs" create $store; head -c 3000000 /dev/urandom >a; echo b >b
      hex=$("$casfs" blob put $store a | cut -d : -f 2); "$casfs" blob put $store b >b.digest
      chmod 644 $store/blobs/sha256/$hex
      printf X | dd of=$store/blobs/sha256/$hex bs=1 seek=2999999 conv=notrunc status=none
      "$casfs" mount -f $store $mnt 2>log & eventually test -d $mnt/blobs
      blob=$mnt/blobs/sha256/$hex
      for i in 1 2 3; do
        refused 'Input/output error' cat $blob
        refused 'Input/output error' dd if=$blob bs=1 count=1
        refused 'Input/output error' dd if=$blob iflag=direct bs=4096 count=1
        refused 'Input/output error' cp $blob copy
        refused 'Input/output error' python3 -c "import mmap; f = open('$blob', 'rb'); print(mmap.mmap(f.fileno(), 1, prot=mmap.PROT_READ)[0])"
      done
      if [ -s copy ]; then fail "some of it was copied"; fi
      is "$(cat $mnt/blobs/sha256/$(cut -d : -f 2 b.digest))" b
      actual=$(hex $store/blobs/sha256/$hex)
      is "$(grep -c "$hex.*$actual\|$actual.*$hex" log)" 1
      [ "$("$casfs" status --json $mnt | jq .counters.failures)" -ge 1 ]
      cp a $mnt/incoming/again
      cmp a $blob; committed again a
      blobs 2
      """#)
  }
}
