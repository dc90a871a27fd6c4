import TestSupport
import Testing

/// What can be done to blobs by their names.
@Suite(.needs(.fuse)) struct BlobFileTests {
  @Test("B2: a name of incoming moves to its own digest among the blobs, and to no other")
  func moving() throws {
    try ScriptedMount.mounted().check(
      #"""
      blobs=$mnt/blobs/sha256
      echo right >right; cp right $mnt/incoming/x
      digest=$(hex right)
      mv $mnt/incoming/x $blobs/$digest
      absent x
      cmp $blobs/$digest right
      is "$(stat -c %a $blobs/$digest)" 444
      # From the first moment it is as safe as any blob.
      for i in {1..20}; do
        echo $i >n; cp n $mnt/incoming/n; mv $mnt/incoming/n $blobs/$(hex n)
        refused "Read-only" bash -c "echo evil >>$blobs/$(hex n)"
        cmp $blobs/$(hex n) n
        mv -f n last; cp last $mnt/incoming/n; mv $mnt/incoming/n $blobs/$(hex last)
        refused "Read-only" truncate -s 0 $blobs/$(hex last)
        cmp $blobs/$(hex last) last
      done
      echo other >$mnt/incoming/y
      refused "Bad message" mv $mnt/incoming/y $blobs/$digest
      refused "Bad message" mv $mnt/incoming/y $blobs/$(printf %064d 1)
      refused "not permitted" mv $mnt/incoming/y $blobs/y
      echo other >other; committed y other
      # While somebody writes it, nobody knows what it will be.
      exec 3>$mnt/incoming/z; echo right >&3
      refused "busy" mv $mnt/incoming/z $blobs/$digest
      exec 3>&-
      mv $mnt/incoming/z $blobs/$digest
      blobs 22
      """#)
  }

  @Test("B2 I9: a blob made under its digest must have it")
  func creating() throws {
    try ScriptedMount.mounted().check(
      #"""
      echo right >right
      cp right $mnt/blobs/sha256/$(hex right)
      cmp $mnt/blobs/sha256/$(hex right) right
      other=$(echo other | sha256sum | cut -c 1-64)
      refused "Bad message" cp right $mnt/blobs/sha256/$other
      refused "not permitted" cp right $mnt/blobs/sha256/name
      refused "not permitted" cp right $mnt/blobs/sha256/${other^^}
      long=$(sha512sum <right | cut -c 1-128)
      cp right $mnt/blobs/sha512/$long
      cmp $store/blobs/sha512/$long right
      refused "Bad message" cp right $mnt/blobs/sha512/${long/?/g}
      blobs 1
      """#.replacing("${long/?/g}", with: "$(printf %0128d 1)"))
  }

  @Test("B2 I9: what is committed by one algorithm gets its digest by the other, and no other digest")
  func otherAlgorithm() throws {
    try ScriptedMount.mounted().check(
      #"""
      i=$mnt/incoming; blobs=$mnt/blobs/sha512
      echo right >right; long=$(sha512sum <right | cut -c 1-128); wrong=$(printf %0128d 1)
      cp right $i/x
      refused "Bad message" mv $i/x $blobs/$wrong
      refused "Bad message" mv $i/x $i/sha512:$wrong
      committed x right; is "$(ls $store/blobs/sha512)" ''
      mv $i/x $blobs/$long; absent x
      cmp $blobs/$long right; cmp $store/blobs/sha512/$long right
      # Within incoming the name stays, and there and back.
      cp right $i/y; mv $i/y $i/sha512:$long; absent y
      is "$(readlink $mnt/committed/sha512:$long)" ../blobs/sha512/$long
      cmp $i/sha512:$long right
      is "$(getfattr --only-values -n user.casfs.digest $i/sha512:$long)" sha512:$long
      mv $i/sha512:$long $i/$(hex right); committed $(hex right) right
      mv $i/$(hex right) $mnt/blobs/sha256/$(hex right)
      # What is there already is not replaced when that is not wanted; what is not there is made.
      cp right $i/z; mv -n $i/z $blobs/$long; committed z right
      echo more >more; cp more $i/z; mv -n $i/z $blobs/$(sha512sum <more | cut -c 1-128); absent z
      is "$(ls $blobs | wc -l)" 2
      # While somebody writes it, it is hashed by the algorithm of its first name.
      exec 3>$i/w; echo right >&3
      refused "not supported" mv $i/w $i/sha512:$long
      exec 3>&-; committed w right
      """#)
  }

  @Test("I8: the names of a removed blob go at once, and do not come back with it")
  func removedNames() throws {
    try ScriptedMount.mounted().check(
      """
      echo x >x; cp x $mnt/incoming/a; mkdir $mnt/incoming/d; cp x $mnt/incoming/d/b; echo y >$mnt/incoming/y
      rm -f $mnt/blobs/sha256/$(hex x); cp x $mnt/incoming/c
      absent a; absent d/b; committed c x; is "$(ls $mnt/incoming | xargs)" "c d y"
      """)
  }

  @Test("B3: a blob that nothing reaches can be removed, one that is reached is busy")
  func removing() throws {
    try ScriptedMount.mounted().check(
      #"""
      blobs=$mnt/blobs/sha256
      put() { printf %s "$1" >p; d=$($casfs blob put $store p); echo ${d#sha256:}; }
      entry() { jq -nc --arg d sha256:$1 --arg t "$2" --argjson s $(stat -c %s $store/blobs/sha256/$1) \
        '{mediaType: $t, digest: $d, size: $s}'; }
      layer=$(put layer); config=$(put '{}'); loose=$(put loose)
      oci=application/vnd.oci.image
      manifest=$(put "$(jq -nc --argjson c "$(entry $config $oci.config.v1+json)" \
        --argjson l "$(entry $layer $oci.layer.v1.tar)" '{schemaVersion: 2, config: $c, layers: [$l]}')")
      index=$(put "$(jq -nc --argjson m "$(entry $manifest $oci.manifest.v1+json)" '{schemaVersion: 2, manifests: [$m]}')")
      entry $index $oci.index.v1+json | $casfs ref put $store app -
      for reached in $layer $config $manifest $index; do
        refused "busy" rm -f $blobs/$reached
        test -e $store/blobs/sha256/$reached
      done
      echo alias >a; cp a $mnt/incoming/alias; cp a $mnt/incoming/again
      rm -f $blobs/$loose $blobs/$(hex a)
      test ! -e $store/blobs/sha256/$loose
      refused "No such file" cat $blobs/$loose
      # The names it had in incoming go along.
      eventually test ! -e $mnt/incoming/alias
      test ! -L $mnt/committed/again
      refused "No such file" rm $blobs/$loose
      rm $mnt/refs/app
      rm -f $blobs/$index $blobs/$manifest $blobs/$config $blobs/$layer
      blobs 0
      """#)
  }

  @Test("B3: nothing is removed while a manifest that may reach it cannot be read")
  func unreadableManifest() throws {
    try ScriptedMount.mounted().check(
      #"""
      printf '{"config":{},"layers":5}' >m
      jq -nc --arg d $($casfs blob put $store m) '{mediaType: "application/vnd.oci.image.manifest.v1+json", digest: $d, size: 24}' \
        | $casfs ref put $store broken -
      loose=$(echo loose | $casfs blob put $store)
      refused "busy" rm -f $mnt/blobs/sha256/${loose#sha256:}
      blobs 2
      """#)
  }
}
