import CASPlatform
import FoundationEssentials
import NIOHTTP1

/// A request to a server.
struct HTTPRequest: Sendable {
  /// What is sent along.
  enum Body: Sendable {
    case bytes([UInt8])
    /// So many bytes of a file.
    case file(OpenFile, offset: Int64, count: Int64)
  }

  var method: HTTPMethod
  var url: URL
  var headers: [(name: String, value: String)] = []
  var body: Body?
  /// Whether much data comes or goes.
  var isBulk = false

  /// How long the other side may say nothing.
  var silenceTimeout: Duration { isBulk ? .seconds(20) : .seconds(10) }
}
