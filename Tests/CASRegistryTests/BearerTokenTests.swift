import Foundation
import Testing

@testable import CASRegistry

struct BearerTokenTests {
  private func token(_ reply: String) -> BearerToken? {
    BearerToken(Array(reply.utf8), now: Date(timeIntervalSince1970: 1_000_000_000))
  }

  @Test(
    "N1: a token is read under both names",
    arguments: [
      (#"{"token":"t"}"#, "t"), (#"{"access_token":"t"}"#, "t"), (#"{"token":"","access_token":"t"}"#, "t"),
      (#"{"token":"a","access_token":"b"}"#, "a"), (#"{"token":null,"access_token":"t"}"#, "t"),
      (#"{"token":5}"#, nil), (#"{"token":"a b"}"#, nil), (#"{"token":"a\r\nX: y"}"#, nil), ("{}", nil),
      ("<html>", nil),
    ] as [(String, String?)])
  func value(reply: String, value: String?) {
    #expect(token(reply)?.value == value)
  }

  // The beginning of 2001-09-09T01:46:40Z is 1,000,000,000 seconds after 1970.
  @Test(
    "N1: a token is used for nine tenths of its lifetime, which counts from a plausible issued_at",
    arguments: [
      ("", 54), (#","expires_in":300"#, 270), (#","expires_in":0"#, 54), (#","expires_in":-5"#, 54),
      (#","expires_in":1"#, 1), (#","expires_in":"300""#, 270), (#","expires_in":null"#, 54),
      (#","expires_in":1e300"#, 77_760), (#","expires_in":300,"issued_at":"2001-09-09T01:46:40Z""#, 270),
      (#","expires_in":300,"issued_at":"2001-09-09T01:45:00Z""#, 180),
      (#","expires_in":300,"issued_at":"2001-09-09T01:45:00.123456789Z""#, 180),
      (#","expires_in":300,"issued_at":"2001-09-09T03:45:00+02:00""#, 180),
      (#","expires_in":300,"issued_at":"2001-09-09T00:00:00Z""#, 270),
      (#","expires_in":300,"issued_at":"2020-01-01T00:00:00Z""#, 270), (#","expires_in":300,"issued_at":"soon""#, 270),
    ] as [(String, Double)])
  func lifetime(members: String, seconds: Double) throws {
    let parsed = try #require(token(#"{"token":"t"\#(members)}"#))
    #expect(abs(parsed.lifetime / .seconds(1) - seconds) < 1e-3)
  }

  @Test("N1: a refresh token of the response replaces the one that was sent")
  func refreshToken() {
    #expect(token(#"{"access_token":"t","refresh_token":"r"}"#)?.refreshToken == "r")
    #expect(token(#"{"access_token":"t","refresh_token":""}"#)?.refreshToken == nil)
  }
}
