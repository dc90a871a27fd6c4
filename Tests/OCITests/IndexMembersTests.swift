import TestSupport
import Testing

@testable import OCI

/// The members of an index beside its entries.
@Suite(.boundedInTime) struct IndexMembersTests {
  private func index(_ members: String) throws -> IndexText {
    try IndexText(parsing: Array("{\(members)}".utf8))
  }

  @Test(
    "W2: members of the index that a writer sets are stored, and those that tools know are removed",
    arguments: [
      // The base, what was written, the current index, the result.
      (#""manifests":[]"#, #""manifests":[],"mediaType":"m""#, #""manifests":[]"#, #""mediaType":"m","manifests":[]"#),
      (
        "", #""artifactType":"a","subject":{"size":1},"x":[1]"#, #""y":2"#,
        #""artifactType":"a","subject":{"size":1},"x":[1],"y":2"#
      ),
      (
        #""artifactType":"a","x":1"#, #""artifactType":"b","x":2"#, #""x":1,"artifactType":"a""#,
        #""x":2,"artifactType":"b""#
      ),
      (
        #""x":1, "artifactType":"a" ,"subject":{"a":1}"#, "", #""x":1, "artifactType":"a" ,"subject":{"a":1}"#,
        #""x":1"#
      ),
      (#""mediaType":"m","x":1"#, "", #" "mediaType" : "m" , "x":1 "#, #" "x":1 "#),
      (#""artifactType":"a""#, #""artifactType":"b""#, #""artifactType":"c""#, #""artifactType":"b""#),
      (#""artifactType":"a""#, #""artifactType":"a""#, #""artifactType":"c""#, #""artifactType":"c""#),
      (#""subject":{"a":1,"b":2}"#, #""subject":{"b":2,"a":1}"#, #""z":1"#, #""z":1"#),
    ])
  func members(_ base: String, _ written: String, _ current: String, _ result: String) throws {
    let change = try IndexChange(from: index(base), to: index(written))
    #expect(String(decoding: IndexMerge(change, to: try index(current)).content, as: UTF8.self) == "{\(result)}")
  }

  @Test(
    "W5: annotations that a writer sets must be strings, and those of the store need not",
    arguments: ["5", "[]", "\"x\"", "true", "{\"a\":5}", "{\"a\":{}}", "{\"b\":\"1\",\"a\":[\"2\"]}"])
  func annotationTypes(_ annotations: String) throws {
    let written = try index("\"manifests\":[],\"annotations\":\(annotations)")
    #expect(throws: InvalidValue.self) { try IndexChange(from: index(""), to: written) }
    #expect(throws: InvalidValue.self) { try IndexChange(from: nil, to: written) }
    #expect(throws: Never.self) { try IndexChange(from: written, to: index("\"manifests\":[],\"annotations\":null")) }
  }

  @Test("W2: without a base members are set, and none is removed")
  func unknownBase() throws {
    let change = try IndexChange(from: nil, to: index(#""manifests":[],"artifactType":"b""#))
    let merged = IndexMerge(change, to: try index(#""artifactType":"a","subject":{"a":1}"#))
    #expect(String(decoding: merged.content, as: UTF8.self) == #"{"artifactType":"b","subject":{"a":1}}"#)
  }

  @Test("W2: the last annotation that a writer removes takes the member with it")
  func lastAnnotation() throws {
    let base = try index(#""manifests":[],"annotations":{"k":"v"}"#)
    let stamp = #""annotations":{"\#(IndexStamp.key)":"1.1"}"#
    for written in [#""manifests":[]"#, #""manifests":[],\#(stamp)"#, #""manifests":[],"annotations":{}"#] {
      let merged = IndexMerge(try IndexChange(from: base, to: index(written)), to: base)
      #expect(String(decoding: merged.content, as: UTF8.self) == #"{"manifests":[]}"#)
    }
  }

  @Test("W3: an old version has its members", arguments: [#""artifactType":"a","x":1,"annotations":{"k":"v"}"#, ""])
  func oldVersion(_ members: String) throws {
    let old = try index(members)
    let new = try index(#""subject":{"a":1},"x":2"#)
    let back = new.applying([IndexText.Difference(from: new, to: old)])
    #expect(try IndexChange(from: back, to: old).isEmpty)
    #expect(try IndexChange(from: old, to: back).isEmpty)
    #expect(try !IndexChange(from: back, to: new).isEmpty)
  }

  @Test("W2: canonically equivalent texts are different ones")
  func canonicalEquivalence() throws {
    let digest = ShortIndex.digest("1")
    func index(_ text: String) throws -> IndexText {
      try self.index(
        #""annotations":{"k":"\#(text)"},"\#(text)":1,"manifests":[{"mediaType":"m","digest":"\#(digest)","size":1,"annotations":{"k":"\#(text)","\#(text)":"v"}}]"#
      )
    }
    let (composed, decomposed) = (try index("\u{E9}"), try index("e\u{301}"))
    let merged = IndexMerge(try IndexChange(from: composed, to: decomposed), to: composed)
    let result = try JSON(parsing: merged.content)
    guard case .array(let entries)? = result["manifests"], let entry = entries.first else {
      throw TestFailure("no entry")
    }
    for annotations in [result["annotations"], entry["annotations"]] {
      #expect(annotations?["k"]?.text?.utf8.count == 3)
    }
    #expect(entry["annotations"]?["e\u{301}"] == .string("v"))
    #expect(entry["annotations"]?["\u{E9}"] == nil)
    #expect(result["e\u{301}"] == .number("1"))
  }

  // With a search of all members for each, this takes an hour.
  @Test("W2: an index with many members is merged member by member")
  func manyMembers() throws {
    let names = 0..<30_000
    func index(_ value: Int) throws -> IndexText {
      let members = names.map { #""k\#($0)":"\#(value)""# }.joined(separator: ",")
      return try self.index(
        #"\#(members),"annotations":{\#(members)},"manifests":[{"mediaType":"m","digest":"\#(ShortIndex.digest("1"))","size":1,"annotations":{\#(members)}}]"#
      )
    }
    let (base, written) = (try index(1), try index(2))
    let merged = IndexMerge(try IndexChange(from: base, to: written), to: base)
    #expect(merged.content == written.content)
  }
}
