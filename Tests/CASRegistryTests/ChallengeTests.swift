import Testing

@testable import CASRegistry

struct ChallengeTests {
  @Test("Challenges are parsed in every notation")
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
  }

  @Test(
    "A malformed challenge is ignored, and parsing ends",
    arguments: ["", ",,,", "=x", "\"", "a=\"", "Bearer realm=\"\\", String(repeating: ",", count: 100_000)])
  func nonsense(_ field: String) {
    #expect(Challenge.parse(field).allSatisfy { !$0.scheme.isEmpty })
  }

  @Test("C1: text from a server is truncated, without control characters")
  func sanitized() {
    #expect("a\u{1B}[31mb\nc\u{202E}d".sanitized == "a?[31mb?c?d")
    #expect(String(repeating: "x", count: 10_000).sanitized.count == 301)
  }
}
