import TestSupport
import Testing

/// References as files of `refs/`, in both layouts.
@Suite(.needs(.fuse)) struct ReferenceFileTests {
  static let layouts = ["index", "refs"]

  /// A mounted store with three blobs, whose digests are `$a`, `$b` and `$none`, which is not stored.
  private func workshop(_ layout: String, _ script: String) throws {
    let workshop = try ScriptedMount()
    try workshop.check(
      """
      $casfs create --layout \(layout) $store
      $casfs mount $store $mnt
      a=$(echo a | $casfs blob put $store); b=$(echo b | $casfs blob put $store)
      none=sha256:$(printf none | sha256sum | cut -d ' ' -f 1)
      refs=$mnt/refs
      of() { $casfs ref get $store $1 | jq -r .digest; }
      \(script)
      """)
  }

  @Test("R1: the digest of a stored blob becomes a reference, with its size and media type", arguments: layouts)
  func digest(_ layout: String) throws {
    try workshop(
      layout,
      #"""
      echo $a >$refs/plain
      is "$(jq -r '.mediaType + " " + (.size | tostring)' $refs/plain)" "application/octet-stream 2"
      is $(of plain) $a
      printf %s $b >$refs/unended; is $(of unended) $b
      put() { printf %s "$2" | $casfs blob put $store >$refs/$1; jq -r .mediaType $refs/$1; }
      is $(put own '{"mediaType":"application/x-own","config":{},"layers":[]}') application/x-own
      is $(put manifest '{"config":{},"layers":[]}') application/vnd.oci.image.manifest.v1+json
      is $(put index '{"manifests":[]}') application/vnd.oci.image.index.v1+json
      is $(put other '{"layers":[]}') application/octet-stream
      is $(wc -l <$refs/plain) 1
      """#)
  }

  @Test("R1: a descriptor is taken as it is, but for its name; cp tags", arguments: layouts)
  func descriptor(_ layout: String) throws {
    try workshop(
      layout,
      #"""
      jq -nc --arg d $a '{mediaType: "application/x", digest: $d, size: 2, "x-more": 1.50,
        annotations: {"org.opencontainers.image.ref.name": "elsewhere", k: "v"}}' >value
      cp value $refs/one
      is "$(jq -c '[.mediaType, .annotations]' $refs/one)" '["application/x",{"k":"v"}]'
      sed 's/1.5,/1.50,/' value >precise; cp precise $refs/precise
      grep -q '"x-more":1.50,' $refs/precise
      cp $refs/one $refs/two
      cmp $refs/one $refs/two
      is "$($casfs ref get $store two | jq -r .digest)" $a
      cp $refs/one $refs/two
      cp value $refs/one
      tee $refs/three <value >/dev/null
      for name in one two three; do is $(of $name) $a; done
      """#)
  }

  @Test("R1: a reference takes the mode and the times that tools give it, and keeps none", arguments: layouts)
  func metadata(_ layout: String) throws {
    try workshop(
      layout,
      #"""
      echo $a >value; touch -d 2001-02-03 value; chmod 600 value
      cp -a value $refs/copied; install -m 640 value $refs/installed; rsync --inplace -a value $refs/synced
      mkdir $refs/d; cp -p value $refs/d/e; touch -d 2001-02-03 $refs/d; chmod 700 $refs/d; chown $(id -u) $refs/d
      mv value $refs/moved 2>said; is "$(cat said)" ''
      for name in copied installed synced moved d/e; do is $(of $name) $a; done
      is "$(stat -c %a $refs/moved $refs/d | tr '\n' ' ')" '644 755 '
      refused "not supported" setfattr -n user.x -v y $refs/moved
      refused "not supported" setfattr -n user.x -v y $refs/d
      refused "not supported" setfacl -m u:1:r $refs/moved
      """#)
  }

  @Test("R2: what makes no sense, is not stored or is taken is refused, and nothing changes", arguments: layouts)
  func refusals(_ layout: String) throws {
    try workshop(
      layout,
      #"""
      echo $a >$refs/taken
      before=$(cat $mnt/index.json)
      long=$(printf %0300d 0)
      for value in garbage "sha256:abc" "${a^^}" '{}' '{"digest":1}' '[]' \
          "{\"mediaType\":\"x\",\"digest\":\"$a\",\"size\":3}" "{\"mediaType\":\"x\",\"digest\":\"$a\",\"size\":-1}"; do
        refused "Invalid argument" bash -c 'echo "$1" >$2' - "$value" $refs/new
        refused "Invalid argument" bash -c 'echo "$1" >$2' - "$value" $refs/taken
      done
      refused "No such file" bash -c "echo $none >$refs/new"
      refused "No such file" bash -c "echo '{\"mediaType\":\"x\",\"digest\":\"$none\",\"size\":4}' >$refs/new"
      refused "File exists" bash -c "echo $b >$refs/taken"
      echo $b >value
      refused "File exists" cp value $refs/taken
      # What is not whole is known at the close only, which shells do not look at.
      printf '{"mediaType":' >half
      refused "Invalid argument" cp half $refs/new
      refused "Invalid argument" cp half $refs/taken
      refused "Invalid argument" touch $refs/new
      { printf '{"mediaType":"'; head -c 1100000 /dev/zero | tr '\0' x; } >long
      refused "File too large" cp long $refs/new
      for name in a..b -a a- .a "a b" $'a\tb' a%00 %2e%2e; do
        refused "Invalid argument" cp $refs/taken "$refs/$name"
      done
      refused "File name too long" cp $refs/taken $refs/$long
      is "$(cat $mnt/index.json)" "$before"
      is "$(ls $refs)" taken
      is $(of taken) $a
      """#)
  }

  @Test("R3: rm takes a name away, mv moves it in one step, readers keep what they opened", arguments: layouts)
  func moving(_ layout: String) throws {
    try workshop(
      layout,
      #"""
      echo $a >$refs/latest; echo $b >$refs/new
      exec 3<$refs/latest
      mv -n $refs/new $refs/latest
      is $(of latest) $a; is $(of new) $b
      refused "File exists" python3 -c '
      import ctypes, os, sys
      c = ctypes.CDLL(None, use_errno=True)
      if c.renameat2(-100, sys.argv[1].encode(), -100, sys.argv[2].encode(), 1): sys.exit(os.strerror(ctypes.get_errno()))
      ' $refs/new $refs/latest
      mv $refs/new $refs/latest
      is $(of latest) $b; is "$(ls $refs)" latest; is "$(jq -r .digest $refs/latest)" $b
      is "$(jq -r .digest <&3)" $a
      mv $refs/latest $refs/v1
      is "$(ls $refs)" v1; is "$(jq -r .digest $refs/v1)" $b
      refused "No such file" mv $refs/latest $refs/v2
      rm $refs/v1
      refused "No such file" cat $refs/v1
      refused "No such file" rm $refs/v1
      is "$($casfs ref ls $store)" ""
      blobs 2
      """#)
  }

  @Test("R3 T1: mkdir makes room for nested names, and a name with % is one", arguments: layouts)
  func nested(_ layout: String) throws {
    try workshop(
      layout,
      #"""
      refused "No such file" cp /dev/null $refs/x/y
      mkdir -p $refs/docker.io/library $refs/empty
      echo $a >$refs/docker.io/library/alpine:3.20
      is $(of docker.io/library/alpine:3.20) $a
      refused "Directory not empty" rmdir $refs/docker.io/library
      refused "Is a directory" rm $refs/docker.io
      rmdir $refs/empty
      refused "File exists" mkdir $refs/docker.io
      refused "Invalid argument" mkdir $refs/..x
      # A name below one that is a reference cannot be nested.
      $casfs ref put $store docker.io/library/alpine:3.20/deep $b
      eventually test -e $refs/docker.io%2Flibrary%2Falpine:3.20%2Fdeep
      is $(jq -r .digest $refs/docker.io%2Flibrary%2Falpine:3.20%2Fdeep) $b
      rm $refs/docker.io%2Flibrary%2Falpine:3.20%2Fdeep
      refused "not found" $casfs ref get $store docker.io/library/alpine:3.20/deep
      rm $refs/docker.io/library/alpine:3.20
      """#)
  }

  @Test("R3 T3: who changes a tag sees it changed, however long the list is and however many look")
  func ownChanges() throws {
    try ScriptedMount.mounted().check(
      #"""
      for c in a b; do echo $c >$mnt/incoming/$c; done
      a=$(hex $mnt/incoming/a) b=$(hex $mnt/incoming/b)
      jq -nc --arg d sha256:$a '{schemaVersion: 2, manifests: [range(500) | {
        mediaType: "application/octet-stream", digest: $d, size: 2,
        annotations: {"org.opencontainers.image.ref.name": "n\(.)"}}]}' >index.json
      cp index.json $store; eventually test -e $mnt/refs/n499
      python3 -c 'import os, sys
      while True: os.path.exists(sys.argv[1])' $mnt/refs/none &
      # Meanwhile others end reading what was there before.
      for hex in $a $b $a $b $a $b $a $b; do
        echo sha256:$hex >$mnt/refs/new; sleep 0.05
        is "$(jq -r .digest $mnt/refs/new)" sha256:$hex
        mv $mnt/refs/new $mnt/refs/latest; sleep 0.05
        is "$(jq -r .digest $mnt/refs/latest)" sha256:$hex
        [ ! -e $mnt/refs/new ]
      done
      """#)
  }

  @Test("R3: a tag that moves has a new time, so that copies of it are brought up to date", arguments: layouts)
  func times(_ layout: String) throws {
    try workshop(
      layout,
      #"""
      echo $a >$refs/moved; echo $a >$refs/kept
      rsync -a $refs/ copy; rsync -a $mnt/index.json copy.json
      kept=$(stat -c %y $refs/kept); sleep 1
      echo $b >$refs/new; mv $refs/new $refs/moved
      rsync -a $refs/ copy; rsync -a $mnt/index.json copy.json
      diff -r $refs copy; cmp $mnt/index.json copy.json
      is "$(stat -c %y $refs/kept)" "$kept"
      sleep 1; $casfs ref put --force $store kept $b; eventually grep -q $b $refs/kept
      rsync -a $refs/ copy; diff -r $refs copy
      """#)
  }

  @Test("R3: of two that move tags to one name at once, through two mounts, without replacing, one goes through")
  func moveRace() throws {
    try ScriptedMount.mounted().check(
      #"""
      mkdir other; $casfs mount $store other
      echo a >$mnt/incoming/a; echo b >$mnt/incoming/b
      cat >t.py <<'E'
      import ctypes, errno, json, os, sys
      libc = ctypes.CDLL(None, use_errno=True)
      refs = [place + "/refs/" for place in sys.argv[1:]]
      digests = ["sha256:" + os.readlink(f"{sys.argv[1]}/committed/{name}")[-64:] for name in "ab"]
      for number in range(12):
        for one in 0, 1:
          with open(f"{refs[one]}{number}from{one}", "w") as file: file.write(digests[one])
        begin, go = os.pipe()
        children = []
        for one in 0, 1:
          child = os.fork()
          if child == 0:
            os.close(go); os.read(begin, 1)
            names = [f"{refs[one]}{number}{name}".encode() for name in (f"from{one}", "to")]
            status = libc.renameat2(-100, names[0], -100, names[1], 1)
            os._exit(0 if status == 0 else 1 if ctypes.get_errno() == errno.EEXIST else 2)
          children.append(child)
        os.close(go)
        said = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        os.close(begin)
        assert sorted(said) == [0, 1], said
        with open(f"{refs[said.index(0)]}{number}to") as file:
          assert json.load(file)["digest"] == digests[said.index(0)], number
      E
      python3 t.py $mnt $top/other
      $casfs unmount other
      """#)
  }

  @Test("R2: of many that tag one name at once, through two mounts and the command, one wins")
  func race() throws {
    let workshop = try ScriptedMount.mounted()
    try workshop.check(
      #"""
      mkdir other; $casfs mount $store other
      for i in {1..12}; do echo $i | $casfs blob put $store; done >digests
      for round in {1..10}; do
        n=0
        while read -r digest; do
          n=$((n + 1))
          case $((n % 3)) in
            0) (echo $digest >$mnt/refs/r$round && echo $digest) ;;
            1) (echo $digest >$top/other/refs/r$round && echo $digest) ;;
            2) ($casfs ref put $store r$round $digest && echo $digest) ;;
          esac 2>/dev/null >won.$n &
        done <digests
        wait || true
        stored=$($casfs ref get $store r$round | jq -r .digest)
        # A shell does not see what close says: those who were told so are no more than the winner and such.
        grep -qx $stored won.* || fail "the winner was told that it lost"
        is "$(for n in 2 5 8 11; do cat won.$n; done | grep -vcx $stored || true)" 0
      done
      is $($casfs ref ls $store | wc -l) 10
      $casfs unmount other
      """#)
  }
}
