import CAS
import Foundation
import TestSupport
import Testing

@testable import CASRegistry

struct ProxyRulesTests {
  /// The proxy of a URL, `direct`, or the reason of an error.
  private func proxy(_ url: String, _ environment: [String: String]) throws -> String {
    let url = try #require(URL(string: url))
    do throws(RegistryError) {
      return try ProxyRules(environment: environment).proxy(for: url)?.description ?? "direct"
    } catch {
      guard case .refused(_, let reason) = error else { return "\(error)" }
      return reason
    }
  }

  @Test("N3: the variable of the URL's scheme counts, in upper case before lower case")
  func variables() throws {
    #expect(try proxy("https://r.example/", ["HTTPS_PROXY": "http://a:1", "https_proxy": "http://b:2"]) == "a:1")
    #expect(try proxy("https://r.example/", ["HTTPS_PROXY": "", "https_proxy": "http://b:2"]) == "b:2")
    #expect(try proxy("https://r.example/", ["HTTP_PROXY": "http://a:1", "ALL_PROXY": "http://c:3"]) == "direct")
    #expect(try proxy("http://r.example/", ["HTTP_PROXY": "http://a:1"]) == "a:1")
    #expect(try proxy("http://r.example/", ["HTTPS_PROXY": "http://a:1"]) == "direct")
    let request = ["REQUEST_METHOD": "GET", "HTTP_PROXY": "http://a:1", "HTTPS_PROXY": "http://b:2"]
    #expect(try proxy("http://r.example/", request).contains("CGI"))
    #expect(try proxy("https://r.example/", request) == "b:2")
    #expect(try proxy("http://localhost/", request) == "direct")
  }

  @Test(
    "N3: a proxy's URL may have credentials and no scheme, and a malformed one is an error without its value",
    arguments: [
      ("a.example", "a.example:80"), ("a.example:3128", "a.example:3128"), ("http://a:1/", "a:1"),
      ("HTTP://a:1", "a:1"), ("http://u:p%40ss%3A@a:1", "a:1"), ("u:secret@a:1", "a:1"), ("http://u@a", "a:80"),
      ("http://[::1]:8080", "[::1]:8080"), ("socks5://a", "a:1080"), ("socks5h://a:9", "a:9"),
      ("https://a:1", "unsupported proxy scheme"), ("ftp://secret", "unknown proxy scheme"),
      ("socks5://u:secret@a", "unsupported credentials"), ("http://u:secret@a:99999", "invalid proxy"),
      ("http://", "invalid proxy"), ("http://u:%zzsecret@a", "invalid percent-encoding"),
      ("http://a b", "invalid proxy"),
    ])
  func forms(_ value: String, _ expected: String) throws {
    let found = try proxy("https://r.example/", ["HTTPS_PROXY": value])
    #expect(found.contains(expected) && !found.contains("secret"))
    #expect(found.contains("HTTPS_PROXY") == expected.contains(" "))
  }

  @Test("N3: credentials of a proxy lose their percent-encoding, and no description has them")
  func credentials() throws {
    let proxy = try Proxy("http://us%65r:p%40ss%3Aword@a:1", variable: "HTTPS_PROXY")
    #expect(proxy.credentials.flatMap { Data(base64Encoded: $0) } == Data("user:p@ss:word".utf8))
    #expect("\(proxy)" == "a:1")
    for error in [RegistryError.missingCredentials(of: proxy), RegistryError(ChannelError(), through: proxy)] {
      let message = CASError(error, OperationContext("open store", on: "x"), "x").description
      #expect(message.contains("a:1") && !message.contains("word"))
    }
  }

  private struct ChannelError: Error {}

  @Test(
    "N3: NO_PROXY excepts hosts, domains, ports, addresses and networks; this machine is never proxied",
    arguments: [
      ("", "r.example", true), ("", "localhost", false), ("", "127.0.0.1", false), ("", "127.9.8.7", false),
      ("", "[::1]", false), ("", "localhost.example", true), ("*", "r.example", false), ("a,*", "10.0.0.1", false),
      ("r.example", "r.example", false), ("r.example", "x.r.example", false), ("r.example", "xr.example", true),
      (".example", "r.example", false), (".r.example", "r.example", true), (".r.example", "x.r.example", false),
      ("*.r.example", "r.example", true), ("*.r.example", "a.b.r.example", false), (" R.Example ", "r.example", false),
      ("a, ,r.example", "r.example", false), ("r.example:443", "r.example", false),
      ("r.example:5000", "r.example", true),
      ("r.example:5000", "r.example:5000", false), (".example:5000", "r.example:5000", false),
      ("r.example:x", "r.example", true), (":5000", "r.example:5000", true), ("10.0.0.1", "10.0.0.1", false),
      ("10.0.0.1", "10.0.0.2", true), ("10.0.0.1:443", "10.0.0.1:5000", true), ("10.0.0.1:443", "10.0.0.1", false),
      ("10.0.0.0/8", "10.1.2.3", false), ("10.0.0.0/8", "11.1.2.3", true), ("10.1.0.0/15", "10.0.9.9", false),
      ("10.0.0.0/33", "10.0.0.0", true), ("0.0.0.0/0", "9.9.9.9", false), ("0.0.0.0/0", "[2001:db8::1]", true),
      ("2001:db8::/32", "[2001:db8::7]", false), ("2001:db8::1", "[2001:DB8:0:0::1]", false),
      ("[2001:db8::1]", "[2001:db8::1]", false), ("[2001:db8::1]:443", "[2001:db8::1]:5000", true),
      ("::ffff:10.0.0.1", "10.0.0.1", false), ("10.0.0.0/8", "r10.example", true),
    ])
  func exceptions(_ list: String, _ host: String, _ isProxied: Bool) throws {
    let environment = ["https_proxy": "proxy.example:3128", "no_proxy": list]
    #expect(try proxy("https://\(host)/v2/", environment) == (isProxied ? "proxy.example:3128" : "direct"))
  }

  @Test("An invalid address is recognised")
  func addresses() {
    for text in ["", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.+4", "::1::", "1:2:3:4:5:6:7", "12345::", ":::", "::g"] {
      #expect(IPAddress(text) == nil)
    }
    #expect(IPAddress("::") != nil && IPAddress("1:2:3:4:5:6:1.2.3.4") != nil && IPAddress("1::") != nil)
  }
}
