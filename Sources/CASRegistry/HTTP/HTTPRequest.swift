import CASPlatform
import FoundationEssentials
import NIOHTTP1

/// A request to a registry, a token server or a storage server.
struct HTTPRequest: Sendable {
  /// The content of a request.
  enum Body: Sendable {
    case bytes([UInt8])
    /// A range of a file, in bytes, streamed while it is read.
    case file(OpenFile, offset: Int64, count: Int64)
  }

  var method: HTTPMethod
  var url: URL
  var headers: [(name: String, value: String)] = []
  var body: Body?
  /// Whether the request or the response transfers a blob.
  var isBulk = false

  /// The longest time without any progress, before the exchange fails.
  var silenceTimeout: Duration { isBulk ? .seconds(20) : .seconds(10) }
}
