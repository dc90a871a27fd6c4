import OCI
import Testing

@Suite
struct DescriptorTests {
  private static let digest = "sha256:" + String(repeating: "a1", count: 32)
  private static let minimal = #"{"mediaType":"a/b","digest":"\#(digest)","size":3}"#
  private static let reordered = #"{"mediaType":"a/b","size":3,"digest":"\#(digest)"}"#
  private static let full =
    #"{"size":3,"x":{"n":1.50},"digest":"\#(digest)","annotations":{"k":"v"},"mediaType":"a/b","urls":["u"],"#
    + #""data":"aGk=","artifactType":"t/u","platform":{"os":"linux","architecture":"arm64","variant":"v8"}}"#

  private func parse(_ text: String) throws(InvalidValue) -> Descriptor {
    try Descriptor(parsing: Array(text.utf8))
  }

  /// The minimal descriptor with more members.
  private func with(_ members: String) throws(InvalidValue) -> Descriptor {
    try parse(Self.minimal.dropLast() + "," + members + "}")
  }

  @Test("Known and unknown members are read and written unchanged", arguments: [minimal, reordered, full])
  func members(_ text: String) throws {
    let descriptor = try parse(text)
    #expect(descriptor.mediaType == "a/b")
    #expect(descriptor.digest.description == Self.digest)
    #expect(descriptor.size == 3)
    #expect(descriptor.description == text)
    #expect(try parse(descriptor.description) == descriptor)
  }

  @Test("A created descriptor equals a parsed one")
  func made() throws {
    let made = Descriptor(mediaType: "a/b", digest: try Digest(Self.digest), size: 3)
    #expect(made.description == Self.minimal)
    #expect(try made == parse(Self.minimal) && made == parse(Self.reordered))
    #expect(try made == with(#""urls":null"#) && made != with(#""urls":[]"#))
    #expect(made.annotation("k") == nil)
    #expect(try parse(Self.full).annotation("k") == "v")
  }

  @Test(
    "A malformed descriptor is rejected with a reason",
    arguments: [
      "", "[]", "null", "{}", minimal.replacing("mediaType", with: "mediatype"), minimal.replacing("a/b", with: ""),
      minimal.replacing("\"a/b\"", with: "null"), minimal.replacing("digest", with: "Digest"),
      minimal.replacing("a1", with: "A1"), minimal.replacing("sha256", with: "md5"),
      minimal.replacing(":3}", with: ":-1}"), minimal.replacing(":3}", with: ":3.0}"),
      minimal.replacing(":3}", with: ":\"3\"}"), minimal.replacing(":3}", with: ":9223372036854775808}"),
      minimal.replacing(",\"size\":3", with: ""), minimal.replacing(":3}", with: ":3,\"annotations\":[]}"),
      minimal.replacing(":3}", with: ":3,\"annotations\":{\"a\":1}}"), minimal.replacing(":3}", with: ":3,\"size\":3}"),
      minimal + minimal,
    ])
  func refused(_ text: String) {
    let error = #expect(throws: InvalidValue.self) { try parse(text) }
    #expect(error?.description.isEmpty == false)
  }

  @Test(
    "E8: descriptors of the same meaning are equal",
    arguments: [
      (#""annotations":{"a":"1","b":"2"}"#, #""annotations":{"b":"2","a":"1"}"#),
      (#""x":1,"y":[{"c":1,"d":2}]"#, #""y":[{"d":2,"c":1}],"x":1"#),
      (#""annotations":{}"#, #""annotations":null"#), (#""urls":null"#, #""annotations":{}"#),
      (#""annotations":{"org.opencontainers.image.ref.name":"x"}"#, #""annotations":{}"#),
      (
        #""annotations":{"org.opencontainers.image.ref.name":"x","a":"1"}"#,
        #""annotations":{"a":"1","org.opencontainers.image.ref.name":"y"}"#
      ), (#""data":"\u0061/""#, #""data":"a\/""#),
    ])
  func equal(_ left: String, _ right: String) throws {
    #expect(try with(left) == with(right))
    #expect(try with(left).hashValue == with(right).hashValue)
  }

  @Test(
    "E8: descriptors of different meaning are not equal",
    arguments: [
      (#""annotations":{"a":"1"}"#, #""annotations":{"a":"2"}"#), (#""annotations":{"a":"1"}"#, #""annotations":{}"#),
      (#""x":1"#, #""x":2"#), (#""x":1"#, #""y":1"#), (#""urls":["a","b"]"#, #""urls":["b","a"]"#),
      (#""x":true"#, #""x":"true""#), (#""data":"\#u{E9}""#, #""data":"e\#u{301}""#),
      (#""annotations":{"\#u{E9}":"1"}"#, #""annotations":{"e\#u{301}":"1"}"#),
    ])
  func different(_ left: String, _ right: String) throws {
    #expect(try with(left) != with(right))
  }

  @Test("Setting and removing a name leaves the rest unchanged")
  func named() throws {
    let name = try ReferenceName("a/b:1")
    for text in [Self.minimal, Self.full] {
      let descriptor = try parse(text)
      let named = descriptor.named(name)
      #expect(named.annotation(Descriptor.referenceNameKey) == "a/b:1")
      #expect(named == descriptor)
      #expect(named.named(nil).description == text)
      #expect(named.named(try ReferenceName("c")).annotation(Descriptor.referenceNameKey) == "c")
      #expect(named.named(name).description == named.description)
      #expect(try parse(named.description) == named)
    }
    #expect(try with(#""annotations":null"#).named(name).annotation(Descriptor.referenceNameKey) == "a/b:1")
  }

  @Test("D6 D4: a descriptor nested too deep for an index entry is rejected")
  func depth() throws {
    func text(_ depth: Int) -> String {
      let value = String(repeating: "[", count: depth - 1) + String(repeating: "]", count: depth - 1)
      return Self.minimal.dropLast() + ",\"x\":\(value)}"
    }
    let descriptor = try parse(text(62))
    let name = try ReferenceName("a")
    let index = try ImageIndex(parsing: ImageIndex().setting(descriptor, named: name))
    #expect(try index.entry(named: name)?.descriptor.get() == descriptor)
    let error = #expect(throws: InvalidValue.self) { try parse(text(63)) }
    #expect(error?.exceedsBounds == true)
  }
}
