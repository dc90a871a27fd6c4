import TestSupport
import Testing

/// Commands that are killed before each call by which they change a store.
@Suite(.needs(.tools("strace"))) struct CommandKillTests {
  /// What is killed, on a store with what it needs, and what must hold of the store then and when it is done again.
  struct Scene: Sendable, CustomTestStringConvertible {
    var testDescription: String
    /// Makes the store: its layout is `$layout`.
    var before = ""
    /// The digest of a blob that may be corrupt until it is done again.
    var flaw = ""
    var command: String
    /// Does it once more, and makes sure of the outcome.
    var again: String
  }

  static let scenes = [
    Scene(
      testDescription: "blob put", command: #""$casfs" blob put $store two"#,
      again: #"is "$("$casfs" blob put $store two)" sha256:$(hex two)"#),
    Scene(
      testDescription: "blob put of a blob that is there, and old", before: "touch -d '2 days ago' $store/blobs/*/*",
      command: #""$casfs" blob put $store one"#,
      again: #"""
        "$casfs" blob put $store one; is "$("$casfs" gc --grace 1h $store)" ""
        [ -z "$(find $store/blobs -name $(hex one) -mmin +1)" ]
        """#),
    Scene(
      testDescription: "blob put that heals", before: "head -c 5000 /dev/zero >$store/blobs/sha256/$(hex old)",
      flaw: "$(hex old)", command: #""$casfs" blob put $store old"#,
      again: #""$casfs" blob put $store old; cmp old $store/blobs/sha256/$(hex old)"#),
    Scene(
      testDescription: "blob rm", before: #""$casfs" ref rm $store moves"#,
      command: #""$casfs" blob rm $store sha256:$(hex old)"#,
      again: #""$casfs" blob rm $store sha256:$(hex old); [ ! -e $store/blobs/sha256/$(hex old) ]"#),
    Scene(
      testDescription: "ref put", command: #""$casfs" ref put $store two sha256:$(hex one)"#,
      again: #""$casfs" ref put $store two sha256:$(hex one); echo two $(hex one) >>tags"#),
    Scene(
      testDescription: "ref put in the place of another",
      command: #""$casfs" ref put --force $store moves sha256:$(hex one)"#,
      again: #""$casfs" ref put --force $store moves sha256:$(hex one); echo moves $(hex one) >>tags"#),
    Scene(
      testDescription: "ref rm", command: #""$casfs" ref rm $store moves"#,
      again: #""$casfs" ref rm $store moves; is "$("$casfs" ref ls $store)" one"#),
    Scene(
      testDescription: "gc", before: #""$casfs" ref rm $store moves"#,
      command: #""$casfs" gc --grace 0 $store"#,
      again: #""$casfs" gc --grace 0 $store; blobs 1"#),
    Scene(
      testDescription: "clean", before: "echo 1 >$store/.casfs-tmp-1; echo 2 >$store/.casfs-tmp-2",
      command: #""$casfs" clean $store"#, again: #""$casfs" clean $store"#),
  ]

  /// Makes the store of a scene, and `again`, which makes it once more; what to do is `act`, and `counts` has its calls.
  static func template(_ scene: Scene, _ layout: String) -> String {
    #"""
    layout=\#(layout)
    head -c 3000000 /dev/urandom >one; seq 1000 >old; head -c 300000 /dev/urandom >two
    "$casfs" create --layout $layout $store
    "$casfs" blob put $store one old
    "$casfs" ref put $store one sha256:$(hex one); "$casfs" ref put $store moves sha256:$(hex old)
    hex one >acks; echo one $(hex one) >tags
    touch -d '1 minute ago' $store/blobs/sha256/*
    \#(scene.before)
    cp -a $store template; cp tags tags.before
    act=(\#(scene.command))
    again() { rm -rf $store; cp -a template $store; cp tags.before tags; }
    calls "${act[@]}" >counts

    """#
  }

  @Test(
    "E4 E5 E10 E12 D3 D4 D8: a command killed before any call that changes something loses and leaves nothing",
    arguments: scenes, ["index", "refs"])
  func commands(scene: Scene, layout: String) throws {
    let outcome = try ScriptedMount().check(
      KillScript.kill + Self.template(scene, layout)
        + #"""
        grep -q fsync counts || grep -q unlinkat counts || fail "it changes nothing: $(cat counts)"
        points=0
        while read -r call count <&5; do
          for ((n = 1; n <= count; n++)); do
            again
            killed $call $n "${act[@]}" || continue
            points=$((points + 1))
            flaw=\#(scene.flaw); audit "$call $n"; flaw=
            (\#(scene.again)) >said 2>&1 || fail "again after $call $n: $(cat said)"
            audit "again after $call $n"
          done
        done 5<counts
        [ $points -ge 3 ] || fail "killed at $points points only"
        echo "killed at $points points"
        """#, seconds: 240)
    print("\(scene.testDescription), \(layout): \(outcome.lines.last ?? "")")
  }

  @Test("D2: create that is killed before any call leaves nothing or a store", arguments: ["index", "refs"])
  func creation(layout: String) throws {
    let outcome = try ScriptedMount().check(
      KillScript.kill
        + #"""
        act=("$casfs" create --layout \#(layout) made/a/store)
        calls "${act[@]}" >counts
        points=0 stores=0
        while read -r call count <&5; do
          for ((n = 1; n <= count; n++)); do
            rm -r made
            killed $call $n "${act[@]}" || continue
            points=$((points + 1))
            if [ -e made/a/store ]; then
              stores=$((stores + 1)); "$casfs" fsck made/a/store; refused 'it exists already' "${act[@]}"
            else
              "${act[@]}"; "$casfs" fsck made/a/store
            fi
            # What was left beside it goes with the next.
            "$casfs" create made/a/other
            is "$(ls -A made/a)" $'other\nstore'
          done
        done 5<counts
        [ $points -ge 10 ] && [ $stores -ge 1 ] || fail "$stores stores of $points"
        echo "killed at $points points"
        """#, seconds: 120)
    print("create, \(layout): \(outcome.lines.last ?? "")")
  }

  @Test("D2: what is being made is not taken for abandoned, nor what is somebody's store")
  func creations() throws {
    try ScriptedMount().check(
      #"""
      for i in {1..8}; do (for j in {1..8}; do "$casfs" create made/$i.$j; done) & jobs[i]=$!; done
      for job in "${jobs[@]}"; do wait $job; done
      is "$(ls -A made | wc -l)" 64
      for i in made/*; do "$casfs" fsck $i; done
      # A store that has such a name, and content.
      mv made/1.1 made/.casfs-tmp-1; echo a | "$casfs" blob put made/.casfs-tmp-1; mkdir made/.casfs-tmp-2
      "$casfs" create made/last
      "$casfs" fsck made/.casfs-tmp-1; is "$("$casfs" blob ls made/.casfs-tmp-1 | wc -l)" 1
      [ ! -e made/.casfs-tmp-2 ]
      """#)
  }
}
