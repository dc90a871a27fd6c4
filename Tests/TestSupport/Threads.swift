import CASPlatform
public import Testing

/// Runs `body` concurrently on `count` threads, with their numbers, and waits for all of them.
public func onThreads(
  _ count: Int, sourceLocation: SourceLocation = #_sourceLocation, _ body: @escaping @Sendable (Int) -> Void
) throws {
  let started = Monitor(0)
  let finished = Monitor(0)
  for number in 0..<count {
    try Thread.start("test") {
      // A barrier, without which the first thread would end before the last one starts.
      started.withLock { $0 += 1 }
      if started.wait(for: .seconds(60), until: { $0 == count }) { body(number) }
      finished.withLock { $0 += 1 }
    }
  }
  try #require(finished.wait(for: .seconds(240)) { $0 == count }, sourceLocation: sourceLocation)
}

/// Polls a condition until it holds, for ten seconds at most.
public func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
  for _ in 0..<500 {
    if try condition() { return true }
    Thread.sleep(for: .milliseconds(20))
  }
  return false
}
