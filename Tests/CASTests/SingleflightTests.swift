import CASPlatform
import Synchronization
import TestSupport
import Testing

@testable import CAS

/// ``Singleflight``: one computation for all concurrent callers of a key.
struct SingleflightTests {
  private static let context = OperationContext("compute", on: "key")

  /// A computation that runs until it is told to end, and counts how often it was started.
  private final class Computation: Sendable {
    let isOpen = Monitor(false)
    let starts = Atomic(0)

    func run() -> Int {
      let start = starts.wrappingAdd(1, ordering: .relaxed).newValue
      isOpen.wait(until: { $0 }, then: { _ in })
      return start
    }

    func open() { isOpen.withLock { $0 = true } }

    func waitForStart() {
      while starts.load(ordering: .relaxed) == 0 { Thread.sleep(for: .milliseconds(1)) }
    }
  }

  @Test("concurrent callers of one key share one computation", arguments: [nil, "casfs-test"])
  func shares(threadName: String?) throws {
    let flights = Singleflight<String, Int>()
    let computation = Computation()
    let results = Monitor<[Int]>([])
    for _ in 0..<4 {
      try Thread.start("casfs-caller") {
        let value = try? flights.value(for: "key", Self.context, threadName: threadName) { computation.run() }
        results.withLock { $0.append(value ?? -1) }
      }
    }
    computation.waitForStart()
    // Time for the others to join; one that comes later would start a second computation.
    Thread.sleep(for: .milliseconds(100))
    computation.open()
    results.wait(until: { $0.count == 4 }, then: { _ in })
    #expect(results.withLock { $0 } == [1, 1, 1, 1])
  }

  @Test("different keys do not wait for each other")
  func separatesKeys() throws {
    let flights = Singleflight<String, Int>()
    let computation = Computation()
    let first = Monitor<Int?>(nil)
    try Thread.start("casfs-caller") {
      let value = try? flights.value(for: "first", Self.context, threadName: nil) { computation.run() }
      first.withLock { $0 = value }
    }
    computation.waitForStart()
    #expect(try flights.value(for: "second", Self.context, threadName: nil) { 7 } == 7)
    computation.open()
    #expect(first.wait(until: { $0 != nil }, then: { $0 }) == 1)
  }

  @Test("a computation continues when the caller that started it is cancelled")
  func outlivesItsCaller() throws {
    let flights = Singleflight<String, Int>()
    let computation = Computation()
    let token = CancellationToken()
    token.cancel()
    let cancelled = OperationContext("compute", on: "key", cancellation: token)
    let error = #expect(throws: CASError.self) {
      try flights.value(for: "key", cancelled, threadName: "casfs-test") { computation.run() }
    }
    #expect(error?.code == .cancelled)
    computation.waitForStart()
    let joined = Monitor<Int?>(nil)
    try Thread.start("casfs-caller") {
      let value = try? flights.value(for: "key", Self.context, threadName: "casfs-test") { computation.run() }
      joined.withLock { $0 = value }
    }
    Thread.sleep(for: .milliseconds(50))
    computation.open()
    #expect(joined.wait(until: { $0 != nil }, then: { $0 }) == 1)
  }

  @Test("a result is not kept: the next call computes again")
  func keepsNothing() throws {
    let flights = Singleflight<String, Int>()
    for number in 1...3 {
      #expect(try flights.value(for: "key", Self.context, threadName: "casfs-test") { number } == number)
    }
  }
}
