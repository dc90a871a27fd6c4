import CAS
import CASPlatform
import SystemPackage

/// Transforms items concurrently, on this thread and further ones, for work that waits for the network.
///
/// The first error stops the start of further items, and is thrown when those that run have ended.
///
/// - Parameter maximumConcurrency: the number of threads.
/// - Returns: the results, in the order of the items.
func concurrentMap<Item: Sendable, Value: Sendable>(
  _ items: [Item], maximumConcurrency: Int, _ body: @escaping @Sendable (Item) throws(CASError) -> Value
) throws(CASError) -> [Value] {
  let state = Monitor(ConcurrentMapState<Value>(results: Array(repeating: nil, count: items.count)))
  let worker: @Sendable () -> Void = {
    while true {
      let index = state.withLock(notifying: .none) { (state) -> Int? in
        guard state.failure == nil, state.nextIndex < items.count else { return nil }
        defer { state.nextIndex += 1 }
        return state.nextIndex
      }
      guard let index else { return }
      do throws(CASError) {
        let value = try body(items[index])
        state.withLock(notifying: .none) { $0.results[index] = value }
      } catch {
        state.withLock(notifying: .none) { $0.failure = $0.failure ?? error }
      }
    }
  }
  for _ in 0..<max(0, min(maximumConcurrency, items.count) - 1) {
    state.withLock { $0.runningThreads += 1 }
    do throws(Errno) {
      try Thread.start("casfs-fetch") {
        worker()
        state.withLock { $0.runningThreads -= 1 }
      }
    } catch {
      // The threads that exist, at least this one, do the work.
      state.withLock { $0.runningThreads -= 1 }
    }
  }
  worker()
  return try state.wait(until: { $0.runningThreads == 0 }) { (state) throws(CASError) in
    if let failure = state.failure { throw failure }
    return state.results.compactMap { $0 }
  }
}

/// The progress of a ``concurrentMap(_:maximumConcurrency:_:)``.
private struct ConcurrentMapState<Value> {
  var nextIndex = 0
  var results: [Value?]
  var failure: CASError?
  var runningThreads = 0
}
