import CASPlatform
import Synchronization

extension Monitor {
  /// Waits until a condition holds.
  ///
  /// - Returns: `false` after a time that only a hang takes.
  func waits(for condition: (State) -> Bool) -> Bool {
    wait(for: .seconds(60), until: condition)
  }
}

/// A point where threads wait until a test opens it.
final class Gate: Sendable {
  private let state = Monitor((isOpen: false, waiting: 0))

  /// Waits until the gate is open.
  func pass() {
    state.withLock { $0.waiting += 1 }
    state.wait(until: { $0.isOpen }, then: { $0.waiting -= 1 })
  }

  /// Waits until threads wait at the gate.
  ///
  /// - Returns: whether that many do.
  func holds(_ count: Int) -> Bool { state.waits { $0.waiting == count } }

  func open() { state.withLock { $0.isOpen = true } }
}

/// Runs two closures over and over, each pair concurrently.
///
/// - Parameter check: runs between rounds, while no other closure does.
func race(
  rounds: Int, prepare: (Int) -> (@Sendable () -> Void, @Sendable () -> Void), check: (Int) -> Void
) throws {
  struct Round: Sendable {
    var number = 0
    var work: (@Sendable () -> Void)?
    var isDone = true
    var hasEnded = false
  }
  let other = Monitor(Round())
  defer { other.withLock { $0.hasEnded = true } }
  try Thread.start("race") {
    while true {
      let work = other.wait(until: { $0.work != nil || $0.hasEnded }, then: { $0.work.take() })
      guard let work else { return }
      work()
      other.withLock { $0.isDone = true }
    }
  }
  for round in 0..<rounds {
    let (first, second) = prepare(round)
    other.withLock {
      $0.isDone = false
      $0.work = first
    }
    second()
    other.wait(until: { $0.isDone }, then: { _ in })
    check(round)
  }
}
