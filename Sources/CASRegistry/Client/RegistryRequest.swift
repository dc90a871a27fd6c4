import CASPlatform
import FoundationEssentials
import NIOHTTP1

/// What is asked of a registry, before it is known how it is reached and what it wants to be shown.
struct RegistryRequest: Sendable {
  var method: HTTPMethod
  /// From the root of the registry, or a whole URL that the registry gave.
  var target: String
  var access = Access.pull
  var headers: [(name: String, value: String)] = []
  var body: HTTPRequest.Body?
  var isBulk = false
  /// Whether it can be made again when nobody knows what became of it.
  var isRepeatable = true
}

/// An answer of which the body is still to come.
struct RegistryResponse {
  let status: Int
  let headers: HTTPHeaders
  let exchange: HTTPExchange
  /// Where it came from, for what is relative to that.
  let url: URL
}
