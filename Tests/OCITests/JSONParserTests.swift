import OCI
import TestSupport
import Testing

@Suite(.boundedInTime)
struct JSONParserTests {
  private static let sample =
    #" { "a" : [ 1 , -0.5e+10 , true, false, null, "x\u00e9\ud83d\ude00\n\/\"\\" ] , "b" : { } , "c":[],"#
    + #" "é" : "\b\f\r\t" , "": 12345678901234567890.10 } "#

  private func parse(_ text: String) throws(InvalidValue) -> JSON {
    try JSON(parsing: Array(text.utf8))
  }

  @Test("All kinds of values are read; numbers and members keep their text")
  func sample() throws {
    let value = try parse(Self.sample)
    let written =
      #"{"a":[1,-0.5e+10,true,false,null,"xé😀\n/\"\\"],"b":{},"c":[],"é":"\u0008\u000c\r\t","#
      + #""":12345678901234567890.10}"#
    #expect(String(decoding: value.serialized, as: UTF8.self) == written)
    #expect(try JSON(parsing: value.serialized) == value)
    #expect(value["b"] == .object([]))
    #expect(value["absent"] == nil)
    #expect(value["é"]?.text == "\u{8}\u{C}\r\t")
    // Another encoding of é is another name.
    #expect(value["e\u{301}"] == nil)
    #expect(value[""]?.integer == nil)
  }

  @Test(
    "Whole numbers within range are integers",
    arguments: [
      ("0", 0), ("-0", 0), ("9223372036854775807", Int64.max), ("-9223372036854775808", Int64.min),
      ("9223372036854775808", nil), ("1.0", nil), ("1e2", nil), ("\"1\"", nil), ("true", nil),
    ] as [(String, Int64?)])
  func integers(_ text: String, _ expected: Int64?) throws {
    #expect(try parse(text).integer == expected)
  }

  @Test(
    "Text outside the grammar is rejected",
    arguments: [
      "", " ", "nul", "nulll", "True", "+1", "-", "01", "-01", "1.", ".5", "1e", "1e+", "0x10", "NaN", "Infinity",
      "1 2",
      "[", "]", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "{", "}", "{1:2}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}",
      "{\"a\" 1}", "{\"a\":1 \"b\":2}", "{\"a\":1]", "[1}", "\"", "\"a", "'a'", "\"\\\"", "\"\\x\"", "\"\\u12\"",
      "\"\\u12g4\"", "\"\\u+123\"", "\"\n\"", "\"\u{0}\"", "\"\u{1F}\"", "\u{FEFF}1", "1\u{0}", "\u{A0}1", "//x\n1",
      "1//x",
      "\"\\u\u{FF11}234\"",
    ])
  func refused(_ text: String) {
    #expect(throws: InvalidValue.self) { try parse(text) }
  }

  @Test(
    "G5: half a surrogate pair is read as U+FFFD, as Go reads it",
    arguments: [
      (#""\ud83d""#, "\u{FFFD}"), (#""\ude00""#, "\u{FFFD}"), (#""\ud83dx""#, "\u{FFFD}x"),
      (#""\ud83d\n""#, "\u{FFFD}\n"), (#""\ud83d\u0041""#, "\u{FFFD}A"), (#""\ud83d\ud83d""#, "\u{FFFD}\u{FFFD}"),
      (#""\ude00\ud83d""#, "\u{FFFD}\u{FFFD}"), (#""\ud83d\ud83d\ude00""#, "\u{FFFD}\u{1F600}"),
    ])
  func surrogates(_ text: String, _ expected: String) throws {
    #expect(try parse(text).text == expected)
    #expect(JSON.hasMalformedText(Array(text.utf8)))
  }

  @Test(
    "An escape after half a surrogate pair must be valid", arguments: [#""\ud83d\u""#, #""\ud83d\ude0""#, #""\ud83d\"#])
  func brokenEscape(_ text: String) {
    #expect(throws: InvalidValue.self) { try parse(text) }
    #expect(!JSON.hasMalformedText(Array(text.utf8)))
  }

  @Test("Escapes of every plane are read")
  func escapes() throws {
    #expect(
      try parse(#""\u0000\u007F\u0080\uFFFF\uD800\uDC00\uDBFF\uDFFF""#).text
        == "\0\u{7F}\u{80}\u{FFFF}\u{10000}\u{10FFFF}")
  }

  @Test(
    "G5: each byte of a string that is not UTF-8 is read as U+FFFD, as Go reads it; outside of strings it is rejected",
    arguments: [
      ([0x80], 1), ([0xC3], 1), ([0xC0, 0x80], 2), ([0xED, 0xA0, 0x80], 3), ([0xF4, 0x90, 0x80, 0x80], 4), ([0xFF], 1),
      ([0xE2, 0x82], 2), ([0xF0, 0x9F, 0x98], 3),
    ] as [([UInt8], Int)])
  func notUTF8(_ bytes: [UInt8], _ count: Int) throws {
    let quote = UInt8(ascii: "\"")
    let text = [quote] + "é(".utf8 + bytes + "(😀".utf8 + [quote]
    #expect(try JSON(parsing: text).text == "é(" + String(repeating: "\u{FFFD}", count: count) + "(😀")
    #expect(JSON.hasMalformedText(text))
    #expect(throws: InvalidValue.self) { try JSON(parsing: bytes) }
  }

  @Test("G5: intact text, a written U+FFFD, and text that is not JSON have no malformed characters")
  func wellFormed() {
    for text in [Self.sample, "\"\u{FFFD}\"", #""\ufffd""#, "[", ""] {
      #expect(!JSON.hasMalformedText(Array(text.utf8)))
    }
  }

  @Test("Duplicate members are rejected, also when spelled with escapes")
  func duplicates() throws {
    #expect(throws: InvalidValue.self) { try parse(#"{"a":1,"a":1}"#) }
    #expect(throws: InvalidValue.self) { try parse(#"{"a":1,"b":2,"\u0061":1}"#) }
    #expect(throws: InvalidValue.self) { try parse(#"[{"x":{"a":1,"a":2}}]"#) }
    // Canonically equivalent names differ in their bytes.
    guard case .object(let members) = try parse("{\"\u{E9}\":1,\"e\u{301}\":2}") else {
      Issue.record("not an object")
      return
    }
    #expect(members.count == 2)
    #expect(
      try parse(#"[{"a":1},{"a":1}]"#)
        == .array([.object([.init("a", .number("1"))]), .object([.init("a", .number("1"))])]))
  }

  @Test("D6: nesting is bounded at 64", arguments: [("[", "]"), ("{\"a\":", "}")])
  func nesting(_ open: String, _ close: String) throws {
    func nested(_ depth: Int) -> String {
      String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
    }
    #expect(try JSON(parsing: parse(nested(64)).serialized) == parse(nested(64)))
    let error = #expect(throws: InvalidValue.self) { try parse(nested(65)) }
    #expect(error?.exceedsBounds == true)
    #expect(throws: InvalidValue.self) { try parse(nested(1_000_000)) }
    #expect(throws: InvalidValue.self) { try parse(String(repeating: open, count: 1_000_000)) }
    // Depth counts open brackets.
    _ = try parse("[" + (0..<1000).map { _ in nested(63) }.joined(separator: ",") + "]")
  }

  @Test("D9: truncated text is rejected")
  func prefixes() throws {
    let bytes = Array(Self.sample.utf8)
    let end = try #require(bytes.lastIndex(of: UInt8(ascii: "}")))
    for count in 0...end {
      let error = #expect(throws: InvalidValue.self) { try JSON(parsing: Array(bytes[..<count])) }
      #expect(error?.exceedsBounds == false)
    }
    _ = try JSON(parsing: Array(bytes[...end]))
  }

  @Test(
    "R2: text truncated anywhere, also within a word or an escape, counts as incomplete",
    arguments: [
      #"[true,false,null]"#, #"{"a":"\ud83d\ude00\u00e9","b":-1.5e+3}"#, #"["é😀"]"#,
    ])
  func unfinished(_ text: String) throws {
    let bytes = Array(text.utf8)
    let end = try #require(bytes.lastIndex { $0 == UInt8(ascii: "}") || $0 == UInt8(ascii: "]") })
    for count in 0...end { #expect(JSON.isUnfinished(Array(bytes[..<count])), "\(count) bytes") }
    #expect(!JSON.isUnfinished(Array(bytes[...end])))
    for wrong in ["[trux", "[tx", #"["\ud83d\x"#, #"["\x"#] { #expect(!JSON.isUnfinished(Array(wrong.utf8))) }
  }

  @Test("D6: text with changed bytes is read or rejected, and a parsed value round-trips")
  func mutations() throws {
    let original = Array(Self.sample.utf8)
    let interesting = Array("\"\\{}[]:,0123456789-+.eEunltrfs \n".utf8) + [0x00, 0x7F, 0x80, 0xC3, 0xED, 0xF0, 0xFF]
    var generator = SeededGenerator(42)
    var accepted = 0
    for _ in 0..<20_000 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
        let index = Int.random(in: bytes.indices, using: &generator)
        let byte = interesting.randomElement(using: &generator) ?? 0
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: bytes[index] = byte
        case 1: bytes.insert(byte, at: index)
        case 2: bytes.remove(at: index)
        default: bytes.removeSubrange(index..<min(bytes.count, index + 8))
        }
      }
      guard let value = try? JSON(parsing: bytes) else { continue }
      accepted += 1
      #expect(try JSON(parsing: value.serialized) == value)
      #expect(try JSON(parsing: value.canonical.serialized) == value.canonical)
    }
    #expect(accepted > 100 && accepted < 20_000)
  }

  @Test("The canonical form has members in the order of their bytes, at every depth")
  func canonical() throws {
    let value = try parse(#"{"é":1,"z":{"b":[{"y":1,"x":2}],"a":1},"Z":3}"#)
    #expect(
      String(decoding: value.canonical.serialized, as: UTF8.self)
        == #"{"Z":3,"z":{"a":1,"b":[{"x":2,"y":1}]},"é":1}"#)
  }
}
