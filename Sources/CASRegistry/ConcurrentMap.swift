import CAS
import CASPlatform
import SystemPackage

/// Does something with each of many things, so many at a time, each on a thread: what waits for the network.
///
/// - Returns: the results in the order of the things; after the first failure nothing more is begun, and it is thrown.
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
      // Then there are fewer.
      state.withLock { $0.runningThreads -= 1 }
    }
  }
  worker()
  return try state.wait(until: { $0.runningThreads == 0 }) { (state) throws(CASError) in
    if let failure = state.failure { throw failure }
    return state.results.compactMap { $0 }
  }
}

/// How far ``concurrentMap(_:maximumConcurrency:_:)`` is.
private struct ConcurrentMapState<Value> {
  var nextIndex = 0
  var results: [Value?]
  var failure: CASError?
  var runningThreads = 0
}
