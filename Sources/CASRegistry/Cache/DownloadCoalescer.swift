import CAS
import CASPlatform
import OCI
import SystemPackage

/// The downloads under way: each digest's is made once for all who want it, and goes on when who asked first gives up.
final class DownloadCoalescer: Sendable {
  private final class Download: Sendable {
    let outcome = Monitor<Result<OpenFile?, CASError>?>(nil)
  }

  private let running = Monitor<[Digest: Download]>([:])
  private let stop = CancellationToken()

  /// Waits until a digest's content is there.
  ///
  /// - Parameter fetch: gets it; run by a thread of its own, with a token that ends all downloads. What it returns keeps
  ///   the content from going again.
  func run(
    _ digest: Digest, _ context: OperationContext,
    _ fetch: @escaping @Sendable (CancellationToken) throws(CASError) -> OpenFile?
  ) throws(CASError) -> OpenFile? {
    let (download, isNew) = running.withLock { (running) -> (Download, Bool) in
      if let download = running[digest] { return (download, false) }
      let download = Download()
      running[digest] = download
      return (download, true)
    }
    if isNew {
      let work: @Sendable () -> Void = { [self] in
        var outcome = Result { () throws(CASError) in try fetch(stop) }
        if stop.isCancelled, case .failure = outcome {
          outcome = .failure(.closed(context.on(digest)))
        }
        running.withLock { $0[digest] = nil }
        download.outcome.withLock { $0 = outcome }
      }
      do throws(Errno) {
        try Thread.start("casfs-download", work)
      } catch {
        work()
      }
    }
    while !download.outcome.wait(for: .milliseconds(20), until: { $0 != nil }) {
      try context.checkCancellation()
    }
    guard let outcome = download.outcome.withLock({ $0 }) else { return nil }
    do throws(CASError) {
      return try outcome.get()
    } catch {
      throw error.during(context)
    }
  }

  /// Ends all downloads.
  func close() {
    stop.cancel()
  }
}

/// Does something with each of many things, so many at a time, each on a thread: what waits for the network.
///
/// - Returns: the results in the order of the things; after the first failure nothing more is begun, and it is thrown.
func concurrentMap<Item: Sendable, Value: Sendable>(
  _ items: [Item], width: Int, _ body: @escaping @Sendable (Item) throws(CASError) -> Value
) throws(CASError) -> [Value] {
  let state = Monitor(Concurrent<Value>(results: Array(repeating: nil, count: items.count)))
  let work: @Sendable () -> Void = {
    while true {
      let index = state.withLock(notifying: .none) { (state) -> Int? in
        guard state.failure == nil, state.next < items.count else { return nil }
        defer { state.next += 1 }
        return state.next
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
  for _ in 0..<max(0, min(width, items.count) - 1) {
    state.withLock { $0.threads += 1 }
    do throws(Errno) {
      try Thread.start("casfs-fetch") {
        work()
        state.withLock { $0.threads -= 1 }
      }
    } catch {
      // Then there are fewer.
      state.withLock { $0.threads -= 1 }
    }
  }
  work()
  return try state.wait(until: { $0.threads == 0 }) { (state) throws(CASError) in
    if let failure = state.failure { throw failure }
    return state.results.compactMap { $0 }
  }
}

/// How far ``concurrentMap(_:width:_:)`` is.
private struct Concurrent<Value> {
  var next = 0
  var results: [Value?]
  var failure: CASError?
  var threads = 0
}
