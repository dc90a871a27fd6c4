import CAS
import NIOHTTP1
import OCI
import TestSupport
import Testing

@testable import CASRegistry

/// The parts of answers that registries write in several forms.
@Suite(.needs(.tools("python3"))) struct AnswerTests {
  @Test(
    "N4: Retry-After is a number of seconds or a date, compared with the server's clock",
    arguments: [
      ("0", 0), ("60", 60), (" 7 ", 7), ("99999999999999999999", Int64(Int32.max)), ("-1", nil), ("1.5", nil),
      ("soon", nil), ("", nil), ("Sun, 06 Nov 1994 08:49:37 GMT", 37), ("Sunday, 06-Nov-94 08:49:37 GMT", 37),
      ("Sun Nov  6 08:49:37 1994", 37), ("Sun, 06 Nov 1994 08:00:00 GMT", 0), ("Sun, 06 Nov 1994 08:99:00 GMT", nil),
    ] as [(String, Int64?)])
  func retryAfter(_ text: String, _ seconds: Int64?) {
    let headers = HTTPHeaders([("Retry-After", text), ("Date", "Sun, 06 Nov 1994 08:49:00 GMT")])
    #expect(RetryAfter.delay(in: headers) == seconds.map { .seconds($0) })
  }

  @Test("N4: dates are counted from 1970, leap years included")
  func dates() {
    #expect(RetryAfter.seconds("Thu, 01 Jan 1970 00:00:00 GMT") == 0)
    #expect(RetryAfter.seconds("Tue, 29 Feb 2000 12:00:00 GMT") == 951_825_600)
    #expect(RetryAfter.seconds("Fri, 01 Mar 2024 00:00:01 GMT") == 1_709_251_201)
    #expect(RetryAfter.seconds("Thursday, 31-Dec-26 23:59:59 GMT") == 1_798_761_599)
  }

  @Test("N4: a wait of more than a minute, and a fifth attempt, are refused")
  func waits() {
    var policy = RetryPolicy(firstDelay: .milliseconds(1))
    #expect(policy.nextDelay(retryAfter: .seconds(61)) == nil)
    #expect(policy.nextDelay(retryAfter: .seconds(60)) == .seconds(60))
    #expect(policy.nextDelay(retryAfter: nil) != nil)
    #expect(policy.nextDelay(retryAfter: nil) != nil)
    #expect(policy.nextDelay(retryAfter: nil) == nil)
    let token = CancellationToken()
    token.cancel()
    #expect(!RetryPolicy.sleep(for: .seconds(60), token))
  }

  @Test(
    "N4: links are found in every form of the header",
    arguments: [
      (#"</a?last=x>; rel="next""#, "/a?last=x"), ("<?last=x>;rel=next", "?last=x"),
      (#"<b,c>; title="x, <y>; rel=next"; rel="last Next""#, "b,c"),
      (#"<a>; rel="first", <b>; title="\",<"; REL=next , <c>"#, "b"), ("<a>; rel=prev", nil), ("<a>", nil),
      ("a; rel=next", nil), ("", nil), ("<a", nil), (#"<a>; rel="nextpage""#, nil),
    ] as [(String, String?)])
  func links(_ text: String, _ target: String?) {
    let headers = HTTPHeaders([("Link", "<z>; rel=self"), ("Link", text)])
    #expect(Link.all(in: headers).first { $0.relations.contains("next") }?.target == target)
  }

  @Test("N4: pieces become smaller with each refusal, and are never shorter than the registry's minimum")
  func pieces() {
    let limit = PieceLimit()
    #expect(limit.size(for: 1 << 40, minimum: 0) == 1 << 40)
    limit.recordRefusal(ofLength: 10 << 20)
    #expect(limit.size(for: 1 << 20, minimum: 0) == 1 << 20)
    #expect(limit.size(for: 1 << 40, minimum: 0) == 8 << 20)
    #expect(limit.size(for: 1 << 40, minimum: 9 << 20) == 9 << 20)
    #expect(limit.size(for: 1 << 40, minimum: 10 << 20) == nil)
    limit.recordRefusal(ofLength: 1 << 20)
    #expect(limit.size(for: 1 << 40, minimum: 0) == 256 << 10)
    limit.recordRefusal(ofLength: 256 << 10)
    #expect(limit.size(for: 256 << 10, minimum: 0) == nil)
  }

  @Test("N4: a registry that does not answer /v2/ answers the next request")
  func connecting() throws {
    for status in [204, 404, 405, 501] {
      let server = try HabitServer(base: status)
      #expect(try server.open("blob/usual/app").referenceNames().count == 2)
    }
    let server = try HabitServer(base: 500)
    let folder = try TemporaryFolder()
    let driver = RegistryDriver(environment: ["HOME": folder.path])
    let uri = "docker+http://\(server.host)/blob/usual/app"
    let error = failure { () throws(CASError) in try driver.open(uri, options: OpenOptions()) }
    #expect(error?.cause == "\(server.host)/blob/usual/app: registry answered 500")
  }
}
