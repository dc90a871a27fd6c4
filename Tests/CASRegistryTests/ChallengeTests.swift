import Testing

@testable import CASRegistry

struct ChallengeTests {
  @Test("N1: challenges are parsed in every notation")
  func parse() {
    let bearer = #"Bearer realm="https://auth.example.com/token?a=b",service="x, y",scope="repository:a/b:pull,push""#
    #expect(
      Challenge.parse(bearer) == [
        Challenge(
          scheme: "bearer",
          parameters: [
            "realm": "https://auth.example.com/token?a=b", "service": "x, y", "scope": "repository:a/b:pull,push",
          ])
      ])
    #expect(
      Challenge.parse(#"Basic Realm="a \"b\"", bearer REALM=x , Negotiate"#) == [
        Challenge(scheme: "basic", parameters: ["realm": #"a "b""#]),
        Challenge(scheme: "bearer", parameters: ["realm": "x"]), Challenge(scheme: "negotiate", parameters: [:]),
      ])
    #expect(
      Challenge.parse(#"Negotiate , Bearer realm = "x" ,service\#t=y"#) == [
        Challenge(scheme: "negotiate", parameters: [:]),
        Challenge(scheme: "bearer", parameters: ["realm": "x", "service": "y"]),
      ])
  }

  @Test(
    "A malformed challenge is ignored, and parsing ends",
    arguments: ["", ",,,", "=x", "\"", "a=\"", "Bearer realm=\"\\"].map { Field(testDescription: $0, text: $0) } + [
      Field(testDescription: "100,000 commas", text: String(repeating: ",", count: 100_000))
    ])
  func malformed(_ field: Field) {
    #expect(Challenge.parse(field.text).allSatisfy { !$0.scheme.isEmpty })
  }

  /// A `WWW-Authenticate` field.
  struct Field: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var text: String
  }

  @Test("C1: text from a server is truncated, without control characters")
  func sanitized() {
    #expect("a\u{1B}[31mb\nc\u{202E}d".sanitized == "a?[31mb?c?d")
    #expect(String(repeating: "x", count: 10_000).sanitized.count == 301)
  }
}
