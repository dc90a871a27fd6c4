import OCI
import Testing

/// The table of changes and what another writer did meanwhile. An entry is written `NAME=DIGIT`, without a name `=DIGIT`.
@Suite("W2: the merge of index.json")
struct IndexMergeTests {
  @Test(
    "W2: a writer's changes since its base are applied to the current index",
    arguments: [
      MergeCase("an added name", base: "a=1", written: "a=1 t=2", current: "a=1 b=3", result: "a=1 b=3 t=2"),
      MergeCase("a moved name", base: "t=1", written: "t=2", current: "t=1 b=3", result: "t=2 b=3"),
      MergeCase("skopeo's move", base: "t=1", written: "=1 t=2", current: "t=1 b=3", result: "t=2 b=3 =1"),
      MergeCase("crane's move", base: "t=1", written: "t=1 t=2", current: "t=1", result: "t=2"),
      MergeCase(
        "crane's duplicate of a name that was moved", base: "t=1", written: "t=1 t=1", current: "t=2", result: "t=2"),
      MergeCase("crane's duplicate", base: "t=1", written: "t=1 t=1", current: "t=1 b=3", result: "t=1 b=3"),
      MergeCase("an unchanged name that was moved", base: "t=1", written: "t=1 a=2", current: "t=3", result: "t=3 a=2"),
      MergeCase("an unchanged name that was deleted", base: "t=1", written: "t=1 a=2", current: "", result: "a=2"),
      MergeCase("a deletion", base: "t=1 a=2", written: "a=2", current: "t=1 a=2 b=3", result: "a=2 b=3"),
      MergeCase("a deletion of a moved name", base: "t=1", written: "", current: "t=2", result: "t=2"),
      MergeCase("a deletion twice", base: "t=1", written: "", current: "", result: ""),
      MergeCase("a dropped entry that has a name now", base: "=1", written: "", current: "t=1", result: "t=1"),
      MergeCase("a dropped entry", base: "=1 =2", written: "=2", current: "=1 =2", result: "=2"),
      MergeCase("an entry that is there", base: "", written: "=1", current: "=1", result: "=1"),
      MergeCase("an entry that is there by name", base: "", written: "=1", current: "t=1", result: "t=1"),
      MergeCase("a name for an entry without one", base: "=1", written: "t=1", current: "=1 b=2", result: "b=2 t=1"),
      MergeCase("a name for an entry another writer added", base: "", written: "t=1", current: "=1", result: "t=1"),
      MergeCase("the same addition", base: "", written: "t=1", current: "t=1", result: "t=1"),
      MergeCase("another order", base: "a=1 b=2 c=3", written: "c=3 a=1 b=2", current: "b=2 a=1", result: "b=2 a=1"),
      MergeCase("an empty index without a base", base: nil, written: "", current: "a=1 =2", result: "a=1 =2"),
      MergeCase("an addition without a base", base: nil, written: "t=1", current: "a=2 =3", result: "a=2 =3 t=1"),
      MergeCase("one of two entries of a name", base: "t=1 t=2", written: "t=2", current: "t=1 t=2", result: "t=2"),
      MergeCase(
        "a second move of two entries", base: "t=1 t=2", written: "t=3", current: "t=1 t=2 b=4", result: "t=3 b=4"),
      MergeCase(
        "BuildKit's two images", base: "b|x=1 b|y=2", written: "b|y=2 b|x=3", current: "b|x=1 b|y=2",
        result: "b|y=2 b|x=3"),
      MergeCase(
        "a conflict", base: "t=1", written: "t=2", current: "t=3 b=4", result: "=3(t) t=2 b=4", conflicts: ["t: 3 -> 2"]
      ),
      MergeCase(
        "a conflict of two new names", base: "", written: "t=2", current: "t=3", result: "=3(t) t=2",
        conflicts: ["t: 3 -> 2"]),
      MergeCase(
        "a conflict whose loser has another name", base: "t=1", written: "t=2", current: "t=3 b=3", result: "t=2 b=3",
        conflicts: ["t: 3 -> 2"]),
      MergeCase(
        "a conflict without a base", base: nil, written: "t=2", current: "t=3", result: "=3(t) t=2",
        conflicts: ["t: 3 -> 2"]),
      MergeCase("two moves to one digest", base: "t=1", written: "t=2", current: "t=2", result: "t=2"),
      MergeCase(
        "a lost name that returns", base: "", written: "t=3", current: "t=2 =3(t)", result: "=2(t) t=3",
        conflicts: ["t: 2 -> 3"]),
    ])
  func table(_ row: MergeCase) throws {
    let current = try ImageIndex(parsing: row.current.text)
    let change = try IndexChange(
      from: try row.base.map { try IndexText(parsing: $0.text) },
      to: try IndexText(parsing: row.written.text))
    let merge = IndexMerge(change, to: current)
    #expect(try ShortIndex(ImageIndex(parsing: merge.content)) == row.result)
    #expect(
      merge.conflicts.map { "\($0.name): \(ShortIndex.digit($0.lost)) -> \(ShortIndex.digit($0.kept))" }
        == row.conflicts)
    // A change can be applied twice.
    let again = IndexMerge(change, to: try ImageIndex(parsing: merge.content))
    #expect(try ShortIndex(ImageIndex(parsing: again.content)).names == row.result.names)
  }

  @Test("W2: entries and members that nobody changed keep their bytes")
  func bytes() throws {
    let kept =
      #"{ "size":7 ,"digest":"\#(ShortIndex.digest("1"))", "mediaType" : "a\/b","x":[1.50],"annotations":{"org.opencontainers.image.ref.name":"k"} }"#
    let current = "{ \"unknown\": 1e2,\n\"manifests\" : [\(kept)], \"annotations\" : {\"q\":\"w\"} }\n"
    let base = try ImageIndex(parsing: Array(current.utf8))
    // As a tool writes it: unknown members are missing.
    let written =
      #"{"schemaVersion":2,"manifests":[{"mediaType":"a/b","digest":"\#(ShortIndex.digest("1"))","size":7,"annotations":{"org.opencontainers.image.ref.name":"k"}}],"annotations":{"q":"w"}}"#
    let nothing = try IndexChange(from: base.text, to: IndexText(parsing: Array(written.utf8)))
    #expect(nothing.isEmpty)
    #expect(IndexMerge(nothing, to: base).content == base.content)

    let more = ShortIndex("k=1 n=2")
    let change = try IndexChange(from: base.text, to: IndexText(parsing: more.text))
    let merged = String(decoding: IndexMerge(change, to: base).content, as: UTF8.self)
    #expect(merged.hasPrefix("{ \"unknown\": 1e2,\n\"manifests\" : [{ \"size\":7 ,\"digest\""))
    #expect(merged.contains(#""x":[1.50]"#))
  }

  @Test("W2: members that a writer changed are taken, those that it does not know stay")
  func members() throws {
    func index(_ more: String) throws -> ImageIndex {
      try ImageIndex(
        parsing: Array(
          #"{"manifests":[{"mediaType":"a/b","digest":"\#(ShortIndex.digest("1"))","size":7\#(more)}]}"#.utf8))
    }
    let base = try index(
      #","platform":{"os":"linux","architecture":"arm","x":1},"annotations":{"a":"1","b":"2"},"y":2"#)
    let written = try index(#","platform":{"architecture":"arm64","os":"linux"},"annotations":{"a":"1","c":"3"}"#)
    let current = try index(
      #","platform":{"os":"linux","architecture":"arm","x":1},"annotations":{"a":"9","b":"2"},"y":2,"urls":["u"]"#)
    let change = try IndexChange(from: base.text, to: written.text)
    let result = try JSON(parsing: IndexMerge(change, to: current).content)["manifests"]
    let expected =
      #"[{"mediaType":"a/b","digest":"\#(ShortIndex.digest("1"))","size":7,"platform":{"os":"linux","architecture":"arm64","x":1},"annotations":{"a":"9","c":"3"},"y":2,"urls":["u"]}]"#
    #expect(result?.serialized == Array(expected.utf8))
  }

  @Test("W2: annotations of the index are merged one by one")
  func annotations() throws {
    func index(_ annotations: String) throws -> ImageIndex {
      try ImageIndex(parsing: Array(#"{"manifests":[]\#(annotations)}"#.utf8))
    }
    let change = try IndexChange(
      from: index(#","annotations":{"a":"1","b":"2"}"#).text,
      to: index(#","annotations":{"a":"3","c":"4"}"#).text)
    let merged = IndexMerge(change, to: try index(#","annotations":{"a":"1","b":"2","d":"5"}"#))
    #expect(
      try JSON(parsing: merged.content)["annotations"]
        == JSON(parsing: Array(#"{"a":"3","d":"5","c":"4"}"#.utf8)))
  }

  @Test(
    "W5: members of an added entry must have the types that tools read, and those of stored entries need not",
    arguments: [
      (#""platform":5"#, false), (#""platform":"linux""#, false), (#""platform":{"os":5}"#, false),
      (#""platform":{"variant":[]}"#, false), (#""platform":{"os.features":"x"}"#, false), (#""urls":"x""#, false),
      (#""urls":[5]"#, false), (#""data":5"#, false), (#""data":"!!""#, false), (#""artifactType":5"#, false),
      (#""platform":null,"urls":null,"data":null,"artifactType":null"#, true),
      (#""platform":{"os":"linux","architecture":null,"os.features":["x",null],"y":1}"#, true),
      (#""urls":["x"],"data":"MQ==","artifactType":"a/b","y":[1]"#, true),
    ])
  func optionalMembers(_ members: String, _ isValid: Bool) throws {
    let entry = #"{"mediaType":"a","digest":"\#(ShortIndex.digest("1"))","size":1,\#(members)}"#
    let written = try IndexText(parsing: Array("{\"manifests\":[\(entry)]}".utf8))
    if isValid {
      #expect(try !IndexChange(from: ImageIndex().text, to: written).isEmpty)
    } else {
      #expect(throws: InvalidValue.self) { try IndexChange(from: ImageIndex().text, to: written) }
    }
    // Entries that were there before are the store's, and can be removed.
    #expect(try !IndexChange(from: written, to: ImageIndex().text).isEmpty)
    #expect(try IndexChange(from: written, to: written).isEmpty)
  }

  @Test(
    "W2: an added entry must be a descriptor with a safe name",
    arguments: [
      #"{}"#, #"7"#, #"{"mediaType":"a","digest":"sha256:00","size":1}"#,
      #"{"mediaType":"a","digest":"\#(ShortIndex.digest("1"))","size":1,"annotations":{"org.opencontainers.image.ref.name":"../x"}}"#,
      #"{"mediaType":"a","digest":"\#(ShortIndex.digest("1"))","size":1,"annotations":{"io.containerd.image.name":"a\u0000"}}"#,
    ])
  func invalid(_ entry: String) throws {
    let written = try IndexText(parsing: Array("{\"manifests\":[\(entry)]}".utf8))
    #expect(throws: InvalidValue.self) { try IndexChange(from: ImageIndex().text, to: written) }
    // Entries that were there before are the store's.
    #expect(try IndexChange(from: written, to: written).isEmpty)
  }

  @Test("W5: an index that lost its manifests is refused; null is an empty list, as Go writes it")
  func withoutManifests() throws {
    let base = try IndexText(parsing: Array(#"{"manifests":[{"digest":"A"}]}"#.utf8))
    for text in ["{}", #"{"schemaVersion":2,"annotations":{"a":"b"}}"#] {
      let written = try IndexText(parsing: Array(text.utf8))
      for base in [base, nil] { #expect(throws: InvalidValue.self) { try IndexChange(from: base, to: written) } }
      #expect(try IndexChange(from: written, to: written).isEmpty)
    }
    let written = try IndexText(parsing: Array(#"{"manifests":null}"#.utf8))
    #expect(try IndexMerge(IndexChange(from: base, to: written), to: base).content == Array(#"{"manifests":[]}"#.utf8))
  }

  @Test(
    "W3: a stamp is served with the index, and read back from what a tool makes of it",
    arguments: [
      #"{"manifests":[]}"#, "{}", #"{ "annotations": null, "manifests":[]}"#, #"{"annotations":{}}"#,
      #"{"manifests":[],"annotations":{ "x" : "y" }}"#, #"{"annotations":{"io.casfs.index":"77.1"},"manifests":null}"#,
    ])
  func stamp(_ text: String) throws {
    let index = try IndexText(parsing: Array(text.utf8))
    let stamp = IndexStamp(source: 0xABCD, version: 42)
    let served = try IndexText(parsing: index.stamped(stamp))
    #expect(served.stamp == stamp)
    let stripped = try IndexText(parsing: served.unstamped)
    #expect(stripped.stamp == nil)
    #expect(stripped.unstamped == stripped.content)
    #expect(try IndexChange(from: index, to: served).isEmpty)
  }

  @Test(
    "W3: a malformed stamp is not read",
    arguments: ["", "1", "1.", ".1", "1.2.3", "01.2", "1.02", "G.1", "1.-2", "+1.2"])
  func malformedStamp(_ text: String) {
    #expect(IndexStamp(text) == nil)
  }
}
