import CASPlatform
import FoundationEssentials
import NIOHTTP1
import OCI

/// A request of the registry's API, before scheme, host and authentication are known.
struct RegistryRequest: Sendable {
  var method: HTTPMethod
  /// A path on the registry, or an absolute URL that the registry sent.
  var target: String
  var access = Access.pull
  var headers: [(name: String, value: String)] = []
  var body: HTTPRequest.Body?
  var isBulk = false
  /// Whether the request is idempotent, so that it can be repeated after an unknown outcome.
  var isRepeatable = true
  /// Whether the request concerns no repository.
  var isProbe = false
}

/// A response whose body has not been read yet.
struct RegistryResponse {
  let status: Int
  /// Whether the request was HEAD.
  var isAnswerToHead = false
  let headers: HTTPHeaders
  let exchange: HTTPExchange
  /// The URL that responded, after redirects: the base of relative URLs.
  let url: URL
  /// The body and the reason of a refusal, for which the whole body was read.
  var refusal: (body: [UInt8]?, reason: String?)?
}

extension RegistryResponse {
  /// The coding of the body, although none was asked for (`Accept-Encoding: identity`; RFC 9110, section 8.4).
  var contentEncoding: String? {
    guard let coding = headers.first(name: "Content-Encoding"), !coding.isEmpty, coding.lowercased() != "identity"
    else { return nil }
    return coding.sanitized
  }

  /// The kind of a body that is not as it should be, for messages, such as " (text/html)"; empty without one.
  var contentHint: String {
    let type = headers.first(name: "Content-Type").map { $0.prefix { $0 != ";" && $0 != " " } }
    let hints = [type.map { String($0).sanitized }, contentEncoding.map { "Content-Encoding: \($0)" }]
    let text = hints.compactMap(\.self).filter { !$0.isEmpty }.joined(separator: ", ")
    return text.isEmpty ? "" : " (\(text))"
  }

  /// The coding of a body that has another digest than it should have; empty without one.
  var encodingHint: String { contentEncoding.map { " (Content-Encoding: \($0))" } ?? "" }
}
