internal import CFUSE
internal import Platform
internal import Synchronization

/// One thread of a crew: whether it leads, and how far it is with what it does.
final class Member: Sendable {
  private static let leading: UInt64 = 1
  private static let answering: UInt64 = 2
  private static let step: UInt64 = 4

  private let word = Atomic<UInt64>(0)
  private let current = Monitor<Waiting?>(nil)

  /// Another number for every request.
  var progress: UInt64 { word.load(ordering: .sequentiallyConsistent) }

  /// Whether it was answering a request, as the leader, when its progress was this.
  static func isAnswering(_ progress: UInt64) -> Bool { progress & (leading | answering) == leading | answering }

  var isLeading: Bool { word.load(ordering: .acquiring) & Self.leading != 0 }

  /// Whose request it was given last.
  var caller: Caller? { current.withLock(waking: .none) { $0?.caller } }

  /// Notes whose request it begins with.
  ///
  /// - Parameter make: what waits when nothing can be used again.
  func serve(
    _ request: fuse_req_t, thread: Int32, _ patience: Patience, _ make: () -> Waiting
  ) -> Waiting {
    current.withLock(waking: .none) { current in
      if let current {
        unsafe current.caller.begin(request, thread: thread, patience)
        return current
      }
      let made = make()
      current = made
      return made
    }
  }

  /// Gets the lead. Whom it served before, others may know of.
  func lead() {
    current.withLock(waking: .none) { $0 = nil }
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

/// Who waits for what a member does, and what says that it takes long.
struct Waiting: Sendable {
  let caller: Caller
  let willBlock: @Sendable () -> Void
}
