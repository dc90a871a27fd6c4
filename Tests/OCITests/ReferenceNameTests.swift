import OCI
import Testing

@Suite
struct ReferenceNameTests {
  @Test(
    "D7, N6: names of the annotation's grammar, tags and names of registries are accepted",
    arguments: [
      "a", "0", "Z", "latest", "v1.0", "1.2-3_4", "a--b", "a/b", "a/b/c/d", "docker.io/library/alpine:3.20",
      "localhost:5000/x@sha256:0", "a+b", "a:b@c", "A/0", "a-b--c-d",
      "feature__x", "_", "a-", "a.", "a..b", "a---b", "a-.b", "a.-b", "a--", "docker.io/team__x/app_:feature__y",
    ])
  func valid(_ text: String) throws {
    let name = try ReferenceName(text)
    #expect(name.description == text)
    #expect(name.isGrammatical)
    #expect(try ReferenceName(reading: text) == name)
  }

  @Test(
    "D7: safe names outside the grammar are read but not created",
    arguments: [
      "-", "-a", ".a", "a:-b", "a::b", "a:", ":a", "--a", "a b", " ", "a%2Fb",
      "é",
      "e\u{301}", "a\\b", "~", "a/-", "...", "a/...", "@", "a=b", "\u{2028}", "日本", "a\u{200B}", "refs\u{FF0F}x",
    ])
  func readable(_ text: String) throws {
    #expect(throws: InvalidValue.self) { try ReferenceName(text) }
    let name = try ReferenceName(reading: text)
    #expect(name.description.utf8.elementsEqual(text.utf8))
    #expect(!name.isGrammatical)
  }

  @Test(
    "D7: unsafe names are neither read nor created",
    arguments: [
      "", "/", "a/", "/a", "a//b", ".", "..", "../a", "a/..", "a/../b", "a/./b", "./a", "../oci-layout", "a\0", "\0",
      "a\nb",
      "\t", "a\u{7F}", "a\u{85}b", "\u{9F}", "a/\u{1B}[m", "a/.",
    ])
  func unsafe(_ text: String) {
    #expect(throws: InvalidValue.self) { try ReferenceName(text) }
    let error = #expect(throws: InvalidValue.self) { try ReferenceName(reading: text) }
    #expect(error?.description.contains("\n") == false)
  }

  @Test("D7: a name has at most 4,096 bytes of any characters")
  func length() throws {
    _ = try ReferenceName(String(repeating: "a", count: 4096))
    #expect(throws: InvalidValue.self) { try ReferenceName(String(repeating: "a", count: 4097)) }
    _ = try ReferenceName(reading: String(repeating: "é", count: 2048))
    #expect(throws: InvalidValue.self) { try ReferenceName(reading: String(repeating: "é", count: 2048) + "a") }
    _ = try ReferenceName(String(repeating: "a/", count: 2047) + "a")
  }

  @Test("Names are compared and ordered by their bytes")
  func bytes() throws {
    let composed = try ReferenceName(reading: "\u{E9}")
    let decomposed = try ReferenceName(reading: "e\u{301}")
    #expect(composed != decomposed)
    #expect(Set([composed, decomposed, composed]).count == 2)
    #expect(decomposed < composed && !(composed < decomposed))
    let names = try ["B", "a", "a/b", "a:b", "ab"].map { try ReferenceName($0) }
    #expect(names.shuffled().sorted() == names)
  }
}
