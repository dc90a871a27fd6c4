import CASPlatform
import CFUSE
import Synchronization

/// A thread of a ``WorkerPool``: its role, its progress, and its pending request.
final class Worker: Sendable {
  // One word holds two flags and a count, so that the lead is retaken only from a worker at the same request.
  private static let leading: UInt64 = 1
  private static let answering: UInt64 = 2
  private static let step: UInt64 = 4

  private let word = Atomic<UInt64>(0)
  /// The `unique` of the request that this worker answers.
  private let request = Atomic<UInt64>(0)
  /// Reused while this worker leads; `nil` once another thread can hold a reference.
  private let current = Monitor<RequestHooks?>(nil)

  /// A number that differs with each request and each change of the role.
  var progress: UInt64 { word.load(ordering: .sequentiallyConsistent) }

  /// Whether a worker with this progress was answering a request as the leader.
  static func isAnswering(_ progress: UInt64) -> Bool { progress & (leading | answering) == leading | answering }

  var isLeading: Bool { word.load(ordering: .acquiring) & Self.leading != 0 }

  /// The hooks of a request that this worker begins to answer: the previous ones if no other thread holds them.
  ///
  /// - Parameter make: makes hooks for the request.
  func hooks(
    for request: fuse_req_t, thread: Int32, _ policy: InterruptPolicy, _ make: () -> RequestHooks
  ) -> RequestHooks {
    let (hooks, hasStalled) = current.withLock(notifying: .none) { current in
      if let current {
        unsafe current.request.begin(request, thread: thread, policy)
        return (current, false)
      }
      let made = make()
      current = made
      return (made, !isLeading)
    }
    // The lead was retaken before the monitor could see the request.
    if hasStalled { hooks.request.didStall() }
    return hooks
  }

  /// The `unique` of the request that this worker answers.
  var unique: UInt64 {
    get { request.load(ordering: .relaxed) }
    set { request.store(newValue, ordering: .relaxed) }
  }

  /// Becomes the leader.
  func startLeading() {
    // Other threads can hold the request that it answered as a follower.
    current.withLock(notifying: .none) { $0 = nil }
    word.add(Self.step + Self.leading, ordering: .acquiringAndReleasing)
  }

  /// Begins a request as the leader.
  func beginRequest() {
    word.add(Self.step + Self.answering, ordering: .sequentiallyConsistent)
  }

  /// Ends a request.
  func endRequest() {
    word.bitwiseAnd(~Self.answering, ordering: .acquiringAndReleasing)
  }

  /// Stops leading.
  ///
  /// - Returns: whether it led.
  func giveUpLead() -> Bool {
    let before = word.bitwiseAnd(~Self.leading, ordering: .acquiringAndReleasing).oldValue
    return before & Self.leading != 0
  }

  /// Takes the lead from this worker, on another thread. Its pending request is not reused then.
  ///
  /// - Returns: whether it still led at this progress, and its request, unless ``hooks(for:thread:_:_:)`` is yet to come.
  func retakeLead(ifStillAt progress: UInt64) -> (isRetaken: Bool, request: PendingRequest?) {
    current.withLock(notifying: .none) { current in
      let (isRetaken, _) = word.compareExchange(
        expected: progress, desired: progress & ~Self.leading, ordering: .acquiringAndReleasing)
      guard isRetaken else { return (false, nil) }
      defer { current = nil }
      return (true, current?.request)
    }
  }
}

/// A pending request, and the call that must precede anything in it that can block.
struct RequestHooks: Sendable {
  let request: PendingRequest
  let willBlock: @Sendable () -> Void
}
