import OCI
import Testing

@Suite struct PercentEncodingTests {
  @Test(
    "Reserved characters are encoded byte by byte, and decoded to what they were",
    arguments: [("a%b/c", "a%25b%2Fc"), ("\u{E9}/", "\u{E9}%2F"), ("\u{1F600}%", "\u{1F600}%25"), ("", "")])
  func roundTrip(_ text: String, _ encoded: String) {
    #expect(PercentEncoding.encode(text) { $0 == "%" || $0 == "/" } == encoded)
    #expect(PercentEncoding.decode(encoded) == text)
  }

  @Test("Every byte of a reserved character that is not ASCII is encoded")
  func bytes() {
    #expect(PercentEncoding.encode("\u{E9}") { !$0.isASCII } == "%C3%A9")
    #expect(PercentEncoding.decode("%c3%A9") == "\u{E9}")
  }

  @Test(
    "A text is not decoded when a percent sign lacks two digits, or the bytes are not UTF-8",
    arguments: ["%", "%4", "%zz", "%+1", "a%2", "%FF", "%C3"])
  func malformed(_ text: String) {
    #expect(PercentEncoding.decode(text) == nil)
  }
}
