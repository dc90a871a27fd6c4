internal import Platform
internal import Synchronization

/// One thread of a crew: whether it leads, and how far it is with what it does.
final class Member: Sendable {
  private static let leading: UInt64 = 1
  private static let answering: UInt64 = 2
  private static let step: UInt64 = 4

  private let word = Atomic<UInt64>(0)
  /// Whose request it was given last.
  let caller = Monitor<Caller?>(nil)

  /// Another number for every request.
  var progress: UInt64 { word.load(ordering: .sequentiallyConsistent) }

  /// Whether it was answering a request, as the leader, when its progress was this.
  static func isAnswering(_ progress: UInt64) -> Bool { progress & (leading | answering) == leading | answering }

  var isLeading: Bool { word.load(ordering: .acquiring) & Self.leading != 0 }

  /// Gets the lead.
  func lead() {
    word.add(Self.step + Self.leading, ordering: .acquiringAndReleasing)
  }

  /// Begins with a request, as the leader.
  func begin() {
    word.add(Self.step + Self.answering, ordering: .sequentiallyConsistent)
  }

  /// Is done with the request.
  func end() {
    word.bitwiseAnd(~Self.answering, ordering: .acquiringAndReleasing)
  }

  /// Gives up the lead.
  ///
  /// - Returns: whether it had it.
  func resign() -> Bool {
    let before = word.bitwiseAnd(~Self.leading, ordering: .acquiringAndReleasing).oldValue
    return before & Self.leading != 0
  }

  /// Gives up the lead, if its progress is still this.
  ///
  /// - Returns: whether it did.
  func resign(at progress: UInt64) -> Bool {
    word.compareExchange(
      expected: progress, desired: progress & ~Self.leading, ordering: .acquiringAndReleasing
    ).exchanged
  }
}
