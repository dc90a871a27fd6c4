import TestSupport
import Testing

@testable import OCI

/// The text of a descriptor, copied from an index.
@Suite
struct DescriptorTextTests {
  private static let descriptor = [
    #""mediaType""# + ":" + #""a/b c""#, #""digest""# + ":" + #""sha256:\#(String(repeating: "1a", count: 32))""#,
    #""size""# + ":7",
  ]

  /// An index of one entry, with random space between the tokens of the entry.
  private func index(_ entry: String, _ generator: inout SeededGenerator) throws -> ImageIndex {
    var text: [UInt8] = []
    var isInString = false
    for byte in entry.utf8 {
      let isToken = "{}[],:\"".utf8.contains(byte)
      if isToken, !isInString { text += spaces(&generator) }
      if byte == UInt8(ascii: "\"") { isInString.toggle() }
      text.append(byte)
      if isToken, !isInString { text += spaces(&generator) }
    }
    return try ImageIndex(parsing: Array(#"{"manifests":["#.utf8) + text + Array("]}".utf8))
  }

  private func spaces(_ generator: inout SeededGenerator) -> String.UTF8View {
    (["", "", " ", "\n\t", "\r "].randomElement(using: &generator) ?? "").utf8
  }

  @Test("R1: a descriptor that is copied from an index is the one that is parsed, without its name", arguments: 0..<200)
  func copied(_ seed: Int) throws {
    var generator = SeededGenerator(UInt64(seed))
    let name = #""\#(Descriptor.referenceNameKey)":"a:b, {c}""#
    let annotations =
      ([name] + [#""x":"y, z""#, #""org.example":"{}""#].filter { _ in Bool.random(using: &generator) })
      .shuffled(using: &generator)
    let more = [#""urls":["u", "v"]"#, #""platform":{"os":"linux"}"#, #""data":"""#, #""none":{}"#]
      .filter { _ in Bool.random(using: &generator) }
    let members = Self.descriptor + more + [#""annotations":{\#(annotations.joined(separator: ","))}"#]
    let entry = "{\(members.shuffled(using: &generator).joined(separator: ","))}"
    let index = try index(entry, &generator)
    let parsed = try index.entries[0].descriptor.get().named(nil)
    #expect(parsed.annotation(Descriptor.referenceNameKey) == nil)
    #expect(try String(decoding: #require(index.copyOfUnnamedDescriptor(at: 0)), as: UTF8.self) == parsed.description)
    #expect(try String(decoding: index.unnamedDescriptorText(at: 0).get(), as: UTF8.self) == parsed.description)
  }

  @Test(
    "R1: a descriptor that cannot be copied is parsed",
    arguments: [
      #"{}"#, #"{"\#(Descriptor.referenceNameKey)":"n\u0041"}"#, #"{"\#(Descriptor.referenceNameKey)":"né"}"#,
      #"{"\#(Descriptor.referenceNameKey)":"n","x":"\/"}"#, #"{"\#(Descriptor.referenceNameKey)":null}"#, "null",
    ])
  func parsed(_ annotations: String) throws {
    let entry = "{\(Self.descriptor.joined(separator: ", ")), \"annotations\" : \(annotations)}"
    let index = try ImageIndex(parsing: Array(#"{"manifests":[\#(entry)]}"#.utf8))
    #expect(index.copyOfUnnamedDescriptor(at: 0) == nil)
    let parsed = try index.entries[0].descriptor.get().named(nil)
    #expect(try String(decoding: index.unnamedDescriptorText(at: 0).get(), as: UTF8.self) == parsed.description)
  }

  @Test("R1: an entry that is not a descriptor gives the reason")
  func invalid() throws {
    let entry = #"{"digest":"sha256:1","size":7,"mediaType":"a","annotations":{"\#(Descriptor.referenceNameKey)":"n"}}"#
    let index = try ImageIndex(parsing: Array(#"{"manifests":[\#(entry)]}"#.utf8))
    #expect(throws: InvalidValue.self) { try index.unnamedDescriptorText(at: 0).get() }
  }
}
