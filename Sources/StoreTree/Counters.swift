import OCI
import Synchronization

/// What the mount has done so far.
final class Counters: Sendable {
  enum Counter: Int, CaseIterable {
    case bytesRead, bytesWritten, opens, verifications, commits, discards, failures

    var name: String {
      switch self {
      case .bytesRead: "bytes_read"
      case .bytesWritten: "bytes_written"
      default: "\(self)"
      }
    }
  }

  private final class Value: Sendable {
    let atomic = Atomic<Int64>(0)
  }

  private let values = Counter.allCases.map { _ in Value() }

  func add(_ counter: Counter, _ amount: Int64 = 1) {
    values[counter.rawValue].atomic.add(amount, ordering: .relaxed)
  }

  /// The counters as a JSON object.
  var json: JSON {
    .object(
      Counter.allCases.map { counter in
        JSON.Member(counter.name, .number(String(values[counter.rawValue].atomic.load(ordering: .relaxed))))
      })
  }
}
