import TestSupport
import Testing

/// Images as directories, below `images/`.
@Suite(.needs(.fuse)) struct ImageDirectoryTests {
  /// Words to make images of: `layer TEXT`, `config`, `manifest TYPE`, each printing a descriptor.
  static let words = #"""
    describe() { local d; d=$($casfs blob put $store $1); jq -nc --arg t "$2" --arg d $d --argjson s $(stat -c %s $1) \
      '{mediaType: $t, digest: $d, size: $s}'; }
    oci=application/vnd.oci.image docker=application/vnd.docker
    layer() { echo "$1" >l; describe l $oci.layer.v1.tar; }
    manifest() { # TYPE CONFIG LAYER…
      local type=$1 config=$2; shift 2
      printf '%s\n' "$@" | jq -sc --argjson c "$config" '{schemaVersion: 2, config: $c, layers: .}' >m
      describe m "$type"
    }
    img=$mnt/images

    """#

  private func check(_ script: String) throws {
    try ScriptedMount.mounted().check(Self.words + script)
  }

  @Test(
    "An image has its manifest, its configuration and its layers in order, OCI's and Docker's",
    arguments: ["$oci.manifest.v1+json", "$docker.distribution.manifest.v2+json"])
  func image(_ type: String) throws {
    try check(
      #"""
      echo '{"os":"linux"}' >c
      config=$(describe c $oci.config.v1+json)
      one=$(layer one); two=$(layer two)
      manifest "\#(type)" "$config" "$one" "$two" "$one" | $casfs ref put $store team/app:1 -
      eventually test -d $img/team/app:1
      is "$(ls $img)" team
      is "$(cd $img/team/app:1; find . | sort | tr '\n' ' ')" \
        ". ./config ./layers ./layers/00 ./layers/01 ./layers/02 ./manifest "
      cmp $img/team/app:1/manifest m
      is "$(jq -r .os $img/team/app:1/config)" linux
      is "$(cat $img/team/app:1/layers/*)" "$(printf 'one\ntwo\none')"
      is "$(stat -c %F $img/team/app:1/layers/00)" "symbolic link"
      is "$(readlink $img/team/app:1/layers/01)" \
        "../../../../blobs/sha256/$(echo "$two" | jq -r .digest | cut -c 8-)"
      refused "Read-only" touch $img/x
      refused "Read-only" rm $img/team/app:1/config
      """#)
  }

  @Test("More than a hundred layers are in order in a listing")
  func manyLayers() throws {
    try check(
      #"""
      for i in {0..120}; do layer $i; done >layers
      mapfile -t all <layers
      manifest $oci.manifest.v1+json "$(layer c)" "${all[@]}" | $casfs ref put $store many -
      eventually test -d $img/many
      is "$(cat $img/many/layers/* | tr '\n' ' ')" "$(seq -s ' ' 0 120) "
      is "$(ls $img/many/layers | sed -n '1p;$p' | tr '\n' ' ')" "000 120 "
      """#)
  }

  @Test("An index has a directory for each platform, and what is not stored is a link to nowhere")
  func index() throws {
    try check(
      #"""
      m() { manifest $oci.manifest.v1+json "$(layer config-$1)" "$(layer layer-$1)"; }
      on() { jq -c --arg a $1 --arg v "$2" '.platform = {os: "linux", architecture: $a} + (if $v == "" then {} else {variant: $v} end)'; }
      amd=$(m amd | on amd64 ""); arm=$(m arm | on arm64 v8); twin=$(m twin | on amd64 ""); bare=$(m bare)
      hostile=$(m hostile | on "../../x" "")
      printf '%s\n' "$amd" "$arm" "$twin" "$bare" "$hostile" | jq -sc '{schemaVersion: 2, manifests: .}' >i
      describe i $oci.index.v1+json | $casfs ref put $store multi -
      eventually test -d $img/multi
      digest() { echo "$1" | jq -r .digest; }
      is "$(ls $img/multi | LC_ALL=C sort | tr '\n' ' ')" "$(printf '%s\n' index linux-amd64 linux-arm64-v8 \
        linux-amd64@$(digest "$twin") @$(digest "$bare") linux-..%2F..%2Fx | LC_ALL=C sort | tr '\n' ' ')"
      cmp $img/multi/index i
      is "$(cat $img/multi/linux-arm64-v8/layers/00)" layer-arm
      is "$(cat $img/multi/linux-amd64@$(digest "$twin")/config)" config-twin
      gone=$(readlink -f $img/multi/linux-amd64/layers/00)
      rm $store/blobs/sha256/${gone##*/}
      eventually test ! -e $img/multi/linux-amd64/layers/00
      test -L $img/multi/linux-amd64/layers/00
      """#)
  }

  @Test("An entry without a name is shown by its digest")
  func unnamed() throws {
    try check(
      #"""
      entry=$(manifest $oci.manifest.v1+json "$(layer c)" "$(layer l)")
      digest=$(echo "$entry" | jq -r .digest)
      jq -c --argjson e "$entry" '.manifests += [$e]' $store/index.json >new; cp new $store/index.json
      eventually test -d $img/@$digest
      is "$(ls $img)" @$digest
      is "$(cat $img/@$digest/layers/00)" l
      is "$(ls $mnt/refs)" ""
      """#)
  }

  @Test("What is no manifest is an empty directory that says why")
  func noManifest() throws {
    try check(
      #"""
      echo text | $casfs blob put $store >$mnt/refs/text
      is "$(ls $img/text)" ""
      why() { getfattr --only-values -n user.casfs.error $img/$1; }
      case $(why text) in *"value expected"*) ;; *) fail "said $(why text)" ;; esac
      head -c 5000000 /dev/zero | $casfs blob put $store >$mnt/refs/large
      case $(why large) in *"longer than"*) ;; *) fail "said $(why large)" ;; esac
      # Put right, it is an image.
      manifest $oci.manifest.v1+json "$(layer c)" "$(layer l)" >d
      file=$store/blobs/sha256/$(jq -r .digest d | cut -c 8-)
      cp $file keep; rm -f $file
      jq -c '.annotations = {"org.opencontainers.image.ref.name": "back"}' d >e
      jq -c --slurpfile e e '.manifests += $e' $store/index.json >new; cp new $store/index.json
      eventually test -d $img/back
      is "$(ls $img/back)" ""
      $casfs blob put $store keep >/dev/null
      eventually test -e $img/back/config
      refused "No such attribute" getfattr -n user.casfs.error $img/back
      """#)
  }
}
