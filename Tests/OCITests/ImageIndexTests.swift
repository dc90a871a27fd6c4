import OCI
import Testing

@Suite
struct ImageIndexTests {
  private static let digest = "sha256:" + String(repeating: "b2", count: 32)
  private static let key = Descriptor.referenceNameKey

  private static func entry(_ name: String, size: Int = 1, more: String = "") -> String {
    "{ \"size\":\(size),\t\"annotations\" : {\"\(key)\": \"\(name)\"}, \"digest\":\"\(digest)\" ,\"mediaType\":\"a/b\"\(more)}"
  }

  private func parse(_ text: String) throws(InvalidValue) -> ImageIndex {
    try ImageIndex(parsing: Array(text.utf8))
  }

  private func text(_ bytes: [UInt8]?) -> String? {
    bytes.map { String(decoding: $0, as: UTF8.self) }
  }

  private func descriptor(_ size: Int64) throws -> Descriptor {
    Descriptor(mediaType: "c/d", digest: try Digest(Self.digest), size: size)
  }

  private func added(_ name: String, _ size: Int64) -> String {
    #"{"mediaType":"c/d","digest":"\#(Self.digest)","size":\#(size),"annotations":{"\#(Self.key)":"\#(name)"}}"#
  }

  @Test("An empty index has no entries and accepts one")
  func empty() throws {
    let index = ImageIndex()
    #expect(index.entries.isEmpty)
    #expect(try JSON(parsing: index.content)["manifests"] == .array([]))
    let name = try ReferenceName("a")
    let changed = try ImageIndex(parsing: index.setting(descriptor(1), named: name))
    #expect(try changed.entry(named: name)?.descriptor.get() == descriptor(1))
    #expect(text(changed.removing(name)) == text(index.content))
    #expect(changed.removing(try ReferenceName("b")) == nil)
  }

  @Test("R1: the descriptor of a digest is that of the first entry that has it and is one, however it is written")
  func descriptorOfDigest() throws {
    let digest = try Digest("sha256:" + String(repeating: "b2", count: 32))
    let other = try Digest("sha256:" + String(repeating: "c3", count: 32))
    func entry(_ mediaType: String, _ text: String) -> String {
      "{\"mediaType\":\"\(mediaType)\",\"digest\":\"\(text)\",\"size\":1}"
    }
    func found(_ entries: String...) throws -> String? {
      let text = "{\"schemaVersion\":2,\"manifests\":[\(entries.joined(separator: ","))]}"
      return try ImageIndex(parsing: Array(text.utf8)).descriptor(of: digest)?.mediaType
    }
    let (own, foreign) = (entry("a/a", "\(digest)"), entry("b/b", "\(other)"))
    #expect(try found() == nil)
    #expect(try found(foreign, "3", "{\"annotations\":{\"digest\":\"\(digest)\"}}") == nil)
    #expect(try found(foreign, own, entry("c/c", "\(digest)")) == "a/a")
    #expect(try found("{\"digest\":\"\(digest)\",\"size\":1}", entry("", "\(digest)"), own) == "a/a")
    #expect(try found(foreign, entry("d/d", "\\u0073ha256:" + digest.hex)) == "d/d")
    #expect(try found("{ \"size\": 1, \"digest\" :\"\(digest)\" , \"mediaType\":\"e/e\" }", own) == "e/e")
  }

  @Test("D4: an edit keeps the bytes and order of other entries and members")
  func bytesKept() throws {
    let first = Self.entry("one", more: #","unknown": [1.50, "\u00e9" ,{ "deep" : null}]"#)
    let broken = #"{"digest" : "none"}"#
    let nameless = "{\"mediaType\":\"x\",\"digest\":\"\(Self.digest)\", \"size\" :2}"
    let last = Self.entry("two", size: 9_007_199_254_740_993)
    let before = "\n{ \"x\" : 1e2 ,\r\n \"schemaVersion\": 2,\t\"manifests\" : "
    let after = " , \"annotations\":{ \"manifests\" :\"[\" }, \"mediaType\":\"q\" } \n\n"
    let index = try parse(before + "[ \(first) ,\n\(broken)\t, \(nameless),\(last) ]" + after)
    #expect(index.entries.map { $0.name?.description } == ["one", nil, nil, "two"])
    #expect(index.entries.map { (try? $0.descriptor.get()) != nil } == [true, false, true, true])

    let new = try ReferenceName("new")
    let two = try ReferenceName("two")
    #expect(
      text(try index.setting(descriptor(5), named: new))
        == before + "[\(first) ,\n\(broken)\t, \(nameless),\(last),\(added("new", 5))]" + after)
    #expect(
      text(try index.setting(descriptor(5), named: ReferenceName("one")))
        == before + "[\(added("one", 5)),\(broken)\t, \(nameless),\(last)]" + after)
    #expect(text(index.removing(two)) == before + "[\(first) ,\n\(broken)\t, \(nameless)]" + after)
    #expect(index.removing(new) == nil)
    // Back and forth.
    let there = try ImageIndex(parsing: index.setting(descriptor(5), named: new))
    let back = try ImageIndex(parsing: #require(there.removing(new)))
    #expect(text(back.content) == before + "[\(first) ,\n\(broken)\t, \(nameless),\(last)]" + after)
  }

  @Test(
    "D4: an index without manifests gets them, and they are never null",
    arguments: [
      (#"{"schemaVersion":2,"manifests":null}"#, #"{"schemaVersion":2,"manifests":[ENTRY]}"#),
      (#"{"manifests": null ,"schemaVersion":2}"#, #"{"manifests": [ENTRY] ,"schemaVersion":2}"#),
      (#" { "schemaVersion":2}"#, #" {"manifests":[ENTRY], "schemaVersion":2}"#),
      ("{}", #"{"manifests":[ENTRY]}"#), ("\n{ \n}\n", "\n{\"manifests\":[ENTRY] \n}\n"),
      (#"{"manifests":[]}"#, #"{"manifests":[ENTRY]}"#), (#"{"manifests":[ ]}"#, #"{"manifests":[ENTRY]}"#),
      (#"{"\u006danifests":[]}"#, #"{"\u006danifests":[ENTRY]}"#),
    ])
  func withoutManifests(_ before: String, _ after: String) throws {
    let index = try parse(before)
    #expect(index.entries.isEmpty)
    let name = try ReferenceName("a")
    #expect(index.removing(name) == nil)
    let changed = try index.setting(descriptor(1), named: name)
    #expect(text(changed) == after.replacing("ENTRY", with: added("a", 1)))
    let emptied = try #require(try ImageIndex(parsing: changed).removing(name))
    #expect(try JSON(parsing: emptied)["manifests"] == .array([]))
  }

  @Test("D5: the first of entries with one name counts; setting keeps one, removing keeps none")
  func duplicates() throws {
    let other = Self.entry("other")
    let index = try parse(
      "{\"manifests\":[\(Self.entry("a", size: 1)),\(other),\(Self.entry("a", size: 2)),\(Self.entry("a", size: 3))]}")
    let name = try ReferenceName("a")
    #expect(try index.entry(named: name)?.descriptor.get().size == 1)
    #expect(text(try index.setting(descriptor(7), named: name)) == "{\"manifests\":[\(added("a", 7)),\(other)]}")
    #expect(text(index.removing(name)) == "{\"manifests\":[\(other)]}")
  }

  @Test("Names that differ in their bytes are different entries")
  func byteNames() throws {
    let composed = Self.entry("\u{E9}")
    let decomposed = Self.entry("e\u{301}")
    let index = try parse("{\"manifests\":[\(composed),\(decomposed)]}")
    let kept = index.removing(try ReferenceName(reading: "\u{E9}"))
    #expect(kept == Array("{\"manifests\":[\(decomposed)]}".utf8))
  }

  @Test(
    "D7: an entry with an unsafe name counts as unnamed",
    arguments: ["..", "../oci-layout", "/etc/passwd", "a//b", "", "a\\u0000", "a\\nb", "."])
  func unsafeNames(_ name: String) throws {
    let index = try parse("{\"manifests\":[\(Self.entry(name))]}")
    #expect(index.entries.count == 1)
    #expect(index.entries.allSatisfy { $0.name == nil && (try? $0.descriptor.get()) != nil })
  }

  @Test(
    "A malformed index is rejected",
    arguments: [
      "", "[]", "null", "1", "{", #"{"manifests":{}}"#, #"{"manifests":"x"}"#, #"{"manifests":nul}"#,
      #"{"manifests":}"#,
      #"{"manifests":[],"manifests":[]}"#, #"{"manifests":null,"manifests":[]}"#, #"{"manifests":[1,]}"#,
      #"{"schemaVersion":1,"manifests":[]}"#, #"{"schemaVersion":"2"}"#, "{} {}",
    ])
  func refused(_ text: String) {
    #expect(throws: InvalidValue.self) { try parse(text) }
  }

  @Test("D9: a truncated or changed index is rejected or read, and never traps")
  func torn() throws {
    let bytes = Array("{\"schemaVersion\":2,\"manifests\":[\(Self.entry("a")), \(Self.entry("b"))]}".utf8)
    for count in bytes.indices {
      #expect(throws: InvalidValue.self) { try ImageIndex(parsing: Array(bytes[..<count])) }
    }
    let name = try ReferenceName("a")
    for index in bytes.indices {
      for byte in Array("\"\\{}[]:,n0 \u{0}".utf8) + [0xFF] {
        var changed = bytes
        changed[index] = byte
        guard let parsed = try? ImageIndex(parsing: changed) else { continue }
        _ = try ImageIndex(parsing: parsed.setting(descriptor(1), named: name))
        if let removed = parsed.removing(name) { _ = try ImageIndex(parsing: removed) }
      }
    }
  }

  @Test("D1: a layout's marker has version 1.0.0, whatever else it has")
  func layout() throws {
    try ImageLayout.validate(ImageLayout.content)
    try ImageLayout.validate(Array(#" {"x":[], "imageLayoutVersion" : "1.0.0"} "#.utf8))
    for text in [
      "", "{}", "[]", #"{"imageLayoutVersion":"1.0.1"}"#, #"{"imageLayoutVersion":1}"#,
      #"{"imagelayoutversion":"1.0.0"}"#,
      #"{"imageLayoutVersion":"1.0.0""#, #"{"imageLayoutVersion":"1.0.0\u0301"}"#,
    ] {
      #expect(throws: InvalidValue.self) { try ImageLayout.validate(Array(text.utf8)) }
    }
  }

  @Test("A manifest's media type is its own, or derived from its members")
  func mediaTypes() throws {
    let table: [(String, String?)] = [
      (#"{"mediaType":"a/b","manifests":[]}"#, "a/b"), (#"{"mediaType":"","manifests":[]}"#, MediaType.imageIndex),
      (#"{"manifests":null}"#, MediaType.imageIndex), (#"{"config":{},"layers":[]}"#, MediaType.imageManifest),
      (#"{"config":{}}"#, nil), (#"{"layers":[]}"#, nil), ("[]", nil), ("\"manifests\"", nil),
    ]
    for (text, expected) in table { #expect(MediaType.ofContent(try JSON(parsing: Array(text.utf8))) == expected) }
  }
}
