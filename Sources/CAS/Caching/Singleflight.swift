import CASPlatform

/// Singleflight: concurrent callers of one key share one computation and its result.
///
/// A computation continues when the caller that started it stops waiting, so that other callers and a retry get its
/// result. Nothing is cached: a call after the end of a computation starts the next one.
package final class Singleflight<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private final class Flight: Sendable {
    let value = Monitor<Value?>(nil)
  }

  /// How often a waiting caller tests its cancellation.
  private static var pollInterval: Duration { .milliseconds(20) }

  private let flights = Monitor<[Key: Flight]>([:])

  package init() {}

  /// Waits for the running computation of a key, or starts one.
  ///
  /// - Parameter context: its cancellation ends the wait of this caller, and not the computation.
  /// - Parameter threadName: the name of a thread for the computation, up to 15 bytes; `nil`, or if no thread can be
  ///   started, runs it on this thread.
  /// - Parameter body: the computation. The result of `body` is shared with every caller that came before it ended.
  /// - Throws: ``CASError/Code-swift.struct/cancelled``.
  package func value(
    for key: Key, _ context: OperationContext, threadName: String?, _ body: @escaping @Sendable () -> Value
  ) throws(CASError) -> Value {
    let (flight, isNew) = flights.withLock(notifying: .none) { (flights) -> (Flight, Bool) in
      if let flight = flights[key] { return (flight, false) }
      let flight = Flight()
      flights[key] = flight
      return (flight, true)
    }
    if isNew { start(flight, key, threadName, body) }
    while true {
      _ = flight.value.wait(for: Self.pollInterval) { $0 != nil }
      if let value = flight.value.withLock(notifying: .none, { $0 }) { return value }
      try context.checkCancellation()
    }
  }

  private func start(_ flight: Flight, _ key: Key, _ threadName: String?, _ body: @escaping @Sendable () -> Value) {
    let work: @Sendable () -> Void = {
      let value = body()
      // Removed first: a caller that comes after the end must not get a result from before its call.
      self.flights.withLock(notifying: .none) { $0[key] = nil }
      flight.value.withLock { $0 = value }
    }
    if let threadName, (try? Thread.start(threadName, work)) != nil { return }
    work()
  }
}
