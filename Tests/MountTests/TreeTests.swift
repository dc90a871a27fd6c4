import TestSupport
import Testing

/// What a mount shows.
@Suite(.needs(.fuse)) struct TreeTests {
  @Test("T1: names with slashes are nested; one below another name is flat; percent signs are encoded")
  func names() throws {
    let workshop = try ScriptedMount()
    try workshop.check(
      """
      "$casfs" create $store; d=$(echo x | "$casfs" blob put $store)
      for name in latest docker.io/library/alpine:3.20 a a/b a/b/c; do "$casfs" ref put $store $name $d; done
      # Other tools wrote names of their own, one with a character that stands for a byte here.
      jq -c '.manifests[0] as $m | .manifests += [("50%2F", "\\uDBFF\\uDF80") as $name
        | $m | .annotations["org.opencontainers.image.ref.name"] = $name]' $store/index.json >i
      cat i >$store/index.json
      "$casfs" mount $store $mnt; cd $mnt/refs
      is "$(find . -type f | sort | tr '\\n' ' ')" \
        './%F4%8F%BE%80 ./50%252F ./a ./a%2Fb ./a%2Fb%2Fc ./docker.io/library/alpine:3.20 ./latest '
      find . -type f | while read -r f; do is "$(jq -r .digest "$f")" $d; done
      is "$(stat -c %F docker.io/library)" directory
      refused 'No such file' ls a%2fb
      refused 'No such file' ls docker.io/library/alpine
      """)
  }

  @Test("T2: ls, find and stat agree on inode numbers, sizes and kinds; dots are there")
  func agreement() throws {
    try ScriptedMount.mounted().check(
      """
      for i in {1..300}; do head -c $i /dev/urandom >$mnt/incoming/f$i; done; mkdir -p $mnt/incoming/d/e
      echo x >$mnt/incoming/d/e/x
      blob=sha256:$(echo x | sha256sum | cut -c 1-64)
      "$casfs" ref put $store a/b $blob
      "$casfs" ref put $store a/c/image $(jq -nc --arg d $blob '{digest: $d, size: 2} as $blob
        | {config: $blob, layers: [$blob]}' | "$casfs" blob put $store); sleep 1.1
      find $mnt -printf '%i %s %y %p\\n' | sort >found
      find $mnt | sort | while read -r f; do stat -c '%i %s %F %n' "$f"; done |
        sed 's/ regular\\( empty\\)\\? file / f /; s/ directory / d /; s/ symbolic link / l /' | sort >stated
      diff found stated
      [ $(wc -l <found) -gt 900 ]
      cat >t.py <<'E'
      import ctypes, os, stat, sys
      class Entry(ctypes.Structure):
        _fields_ = [("inode", ctypes.c_uint64), ("head", ctypes.c_uint8 * 11), ("name", ctypes.c_char * 256)]
      libc = ctypes.CDLL(None)
      libc.opendir.restype, libc.readdir.restype = ctypes.c_void_p, ctypes.POINTER(Entry)
      def listed(path):
        stream = ctypes.c_void_p(libc.opendir(path.encode()))
        while entry := libc.readdir(stream): yield entry.contents.name.decode(), entry.contents.inode
        libc.closedir(stream)
      for path, folders, files in os.walk(sys.argv[1]):
        inodes = dict(listed(path))
        assert inodes["."] == os.lstat(path).st_ino, path
        # What the mount's own directory is in, the mount cannot know.
        assert path == sys.argv[1] or inodes[".."] == os.lstat(path + "/..").st_ino, path
        for entry in os.scandir(path):
          info = os.lstat(entry.path)
          assert entry.inode() == info.st_ino, entry.path
          assert entry.is_symlink() == stat.S_ISLNK(info.st_mode), entry.path
          assert entry.is_symlink() or entry.is_dir(follow_symlinks=False) == stat.S_ISDIR(info.st_mode), entry.path
          if entry.is_file(follow_symlinks=False): assert len(open(entry.path, "rb").read()) == info.st_size, entry.path
      E
      python3 t.py $mnt
      is "$(ls -a $mnt/blobs/sha256 | head -2 | tr '\\n' ' ')" '. .. '
      is "$(ls -ai $mnt/incoming/d/e | awk '$2 == ".." { print $1 }')" "$(stat -c %i $mnt/incoming/d)"
      is "$(find $mnt/blobs/sha256 -type f | wc -l)" 302
      """)
  }

  @Test("T2: a listing of a directory that changes has every name that stays, once")
  func stableListing() throws {
    try ScriptedMount.mounted().check(
      #"""
      for i in {1..2000}; do echo $i; done | split -l 1 -a 4 - s; "$casfs" blob put $store s???? | sed s/sha256:// | sort >all
      cat >t.py <<'E'
      import os, sys
      mnt, store = sys.argv[1:]
      stay = set(open("all").read().split()[::2]); go = open("all").read().split()[1::2]
      seen = []
      with os.scandir(f"{mnt}/blobs/sha256") as entries:
        for at, entry in enumerate(entries):
          seen.append(entry.name)
          if at < len(go): os.unlink(f"{store}/blobs/sha256/{go[at]}")
      assert len(seen) == len(set(seen)), "a name twice"
      assert stay <= set(seen), "a name is missing"
      E
      python3 t.py $mnt $store
      """#)
  }

  @Test("T3: blobs, deletions and tags of others show in time")
  func changes() throws {
    try ScriptedMount.mounted().check(
      """
      for i in {1..20}; do
        hex=$(echo $i | sha256sum | cut -c 1-64)
        if [ -e $mnt/blobs/sha256/$hex ]; then fail early; fi
        echo $i | "$casfs" blob put $store >/dev/null
        # At once, though the kernel was told a moment ago that there is none.
        is "$(cat $mnt/blobs/sha256/$hex)" $i
      done
      "$casfs" ref put $store tag sha256:$hex; sleep 1; is "$(jq -r .digest $mnt/refs/tag)" sha256:$hex
      other=$(echo 1 | sha256sum | cut -c 1-64)
      "$casfs" ref put --force $store tag sha256:$other; sleep 1; is "$(jq -r .digest $mnt/refs/tag)" sha256:$other
      "$casfs" ref rm $store tag; sleep 1; if [ -e $mnt/refs/tag ]; then fail "the tag is still there"; fi
      "$casfs" blob rm $store sha256:$hex; sleep 1
      if [ -e $mnt/blobs/sha256/$hex ]; then fail "the blob is still there"; fi
      is "$(ls $mnt/blobs/sha256 | wc -l)" 19
      """)
  }

  @Test("T4: digest and size are attributes of blobs and committed names; others are absent")
  func attributes() throws {
    try ScriptedMount.mounted().check(
      """
      echo x >$mnt/incoming/f; hex=$(sha256sum <$mnt/incoming/f | cut -c 1-64)
      for f in $mnt/incoming/f $mnt/committed/f $mnt/blobs/sha256/$hex; do
        is "$(getfattr --only-values -n user.casfs.digest $f)" sha256:$hex
        is "$(getfattr --only-values -n user.casfs.size $f)" 2
        # Copies of a file do not take them along.
        is "$(getfattr -d -m - --absolute-names $f)" ''
        refused 'No such attribute' getfattr -n user.other $f
        refused 'No such attribute' getfattr -n security.capability $f
        for change in "setfattr -n user.casfs.digest -v x" "setfattr -x user.casfs.digest"; do
          if $change $f 2>/dev/null; then fail "went through: $change $f"; fi
        done
      done
      # ls asks for these until it hears that there are none on this file system.
      refused 'not supported' getfattr -n security.selinux $mnt/blobs/sha256/$hex
      seq 50 >n; for i in {1..50}; do sed -n ${i}p n >$mnt/incoming/n; done
      strace -e trace=lgetxattr,getxattr ls -l $mnt/blobs/sha256 2>trace >/dev/null; [ $(grep -c xattr trace) -lt 10 ]
      refused 'No such attribute' getfattr -n user.x $mnt/refs
      # Refusing one is not remembered for all.
      setfattr -n user.x -v y $mnt/incoming/f; is "$(getfattr --only-values -n user.x $mnt/incoming/f)" y
      """)
  }

  @Test("T5: statfs tells the store's file system; links and devices cannot be made anywhere", .needs(.root))
  func specialFiles() throws {
    try ScriptedMount.mounted().check(
      """
      mkdir small; mount -t tmpfs -o size=3m none small
      "$casfs" create small/store; mkdir m; "$casfs" mount small/store m
      is "$(stat -f -c '%b %S' m)" "$(stat -f -c '%b %S' small)"
      is "$(stat -f -c '%b %S' $mnt)" "$(stat -f -c '%b %S' $store)"
      echo x >$mnt/incoming/f
      for d in $mnt $mnt/incoming $mnt/committed $mnt/blobs $mnt/blobs/sha256 $mnt/refs $mnt/images; do
        refused 'Operation not permitted' ln -s x $d/l
        refused 'Operation not permitted' ln $mnt/incoming/f $d/l
        refused 'Operation not permitted' mknod $d/l c 1 3
        refused 'Operation not permitted' mkfifo $d/l
      done
      """)
  }

  @Test("T5: a read-only mount and a store that cannot be written are EROFS everywhere", .needs(.root))
  func readOnly() throws {
    try ScriptedMount.mounted().check(
      """
      echo x >$mnt/incoming/f; hex=$(echo x | sha256sum | cut -c 1-64)
      mkdir ro view; mount --bind $store view; mount -o remount,bind,ro view
      for how in "-o ro $store" view; do
        "$casfs" mount $how ro
        for d in ro ro/incoming ro/blobs/sha256 ro/refs; do
          refused 'Read-only file system' touch $d/x
          refused 'Read-only file system' mkdir $d/x
        done
        refused 'Read-only file system' rm ro/blobs/sha256/$hex
        refused 'Read-only file system' setfattr -n user.x -v y ro/blobs/sha256/$hex
        refused 'Read-only file system' bash -c "echo y >ro/incoming/f"
        is "$(cat ro/blobs/sha256/$hex)" x
        "$casfs" status --json ro | jq -e .read_only >/dev/null
        "$casfs" unmount ro
      done
      """)
  }
}
