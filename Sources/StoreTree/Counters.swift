import Synchronization

/// Counters of the operations of a mount.
final class Counters: Sendable {
  enum Counter: Int, CaseIterable {
    case bytesRead, bytesWritten, opens, verifications, commits, discards, failures, merges, conflicts, refusals

    /// The member's name in the status.
    var name: String {
      switch self {
      case .bytesRead: "bytes_read"
      case .bytesWritten: "bytes_written"
      default: "\(self)"
      }
    }
  }

  // An array cannot hold atomics, which cannot be copied.
  private final class Value: Sendable {
    let atomic = Atomic<Int64>(0)
  }

  private let values = Counter.allCases.map { _ in Value() }

  func add(_ counter: Counter, _ amount: Int64 = 1) {
    values[counter.rawValue].atomic.add(amount, ordering: .relaxed)
  }

  /// Every counter with its value, in a fixed order.
  var all: [(name: String, value: Int64)] {
    Counter.allCases.map { ($0.name, values[$0.rawValue].atomic.load(ordering: .relaxed)) }
  }
}
