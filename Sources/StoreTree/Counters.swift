internal import OCI
internal import Platform

/// What the mount has done so far.
final class Counters: Sendable {
  enum Counter: String, CaseIterable, Hashable {
    case bytesRead = "bytes_read"
    case bytesWritten = "bytes_written"
    case opens
    case verifications
    case commits
    case discards
    case failures
  }

  private let values = Monitor([Counter: Int64]())

  func add(_ counter: Counter, _ amount: Int64 = 1) {
    values.withLock { $0[counter, default: 0] += amount }
  }

  /// The counters as a JSON object.
  var json: JSON {
    let values = values.withLock { $0 }
    return .object(Counter.allCases.map { JSON.Member($0.rawValue, .number(String(values[$0] ?? 0))) })
  }
}
