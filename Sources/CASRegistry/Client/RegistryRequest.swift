import CASPlatform
import FoundationEssentials
import NIOHTTP1

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
