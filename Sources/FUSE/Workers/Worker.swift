import CASPlatform
import CFUSE
import Synchronization

/// One thread of a crew: whether it leads, and how far it is with what it does.
final class Worker: Sendable {
  private static let leading: UInt64 = 1
  private static let answering: UInt64 = 2
  private static let step: UInt64 = 4

  private let word = Atomic<UInt64>(0)
  private let current = Monitor<RequestHooks?>(nil)

  /// Another number for every request.
  var progress: UInt64 { word.load(ordering: .sequentiallyConsistent) }

  /// Whether it was answering a request, as the leader, when its progress was this.
  static func isAnswering(_ progress: UInt64) -> Bool { progress & (leading | answering) == leading | answering }

  var isLeading: Bool { word.load(ordering: .acquiring) & Self.leading != 0 }

  /// Notes whose request it begins with.
  ///
  /// - Parameter make: what waits when nothing can be used again.
  func serve(
    _ request: fuse_req_t, thread: Int32, _ policy: InterruptPolicy, _ make: () -> RequestHooks
  ) -> RequestHooks {
    let (waiting, isRelieved) = current.withLock(notifying: .none) { current in
      if let current {
        unsafe current.caller.begin(request, thread: thread, policy)
        return (current, false)
      }
      let made = make()
      current = made
      return (made, !isLeading)
    }
    if isRelieved { waiting.caller.isSlow() }
    return waiting
  }

  /// Gets the lead. Whom it served before, others may know of.
  func lead() {
    current.withLock(notifying: .none) { $0 = nil }
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
  func giveUpLead() -> Bool {
    let before = word.bitwiseAnd(~Self.leading, ordering: .acquiringAndReleasing).oldValue
    return before & Self.leading != 0
  }

  /// Has the lead taken away, if its progress is still this; whom it serves is not served by it again.
  ///
  /// - Returns: whether it had, and whom it serves, unless it has not got to that yet.
  func retakeLead(at progress: UInt64) -> (isRelieved: Bool, caller: PendingRequest?) {
    current.withLock(notifying: .none) { current in
      let (isRelieved, _) = word.compareExchange(
        expected: progress, desired: progress & ~Self.leading, ordering: .acquiringAndReleasing)
      guard isRelieved else { return (false, nil) }
      defer { current = nil }
      return (true, current?.caller)
    }
  }
}

/// Who waits for what a member does, and what says that it takes long.
struct RequestHooks: Sendable {
  let caller: PendingRequest
  let willBlock: @Sendable () -> Void
}
