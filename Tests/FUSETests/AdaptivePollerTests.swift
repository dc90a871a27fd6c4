import Testing

@testable import FUSE

@Suite struct AdaptivePollerTests {
  /// The number of sleeps without polling after each of some misses in a row.
  private func skippedSleeps(_ poller: inout AdaptivePoller, misses: Int) -> [Int] {
    (0..<misses).map { _ in
      var polls = 0
      _ = poller.pollBriefly {
        polls += 1
        return false
      }
      #expect(polls > 0)
      var skipped = 0
      while true {
        var next = poller
        var isPolling = false
        _ = next.pollBriefly {
          isPolling = true
          return false
        }
        if isPolling { return skipped }
        poller = next
        skipped += 1
      }
    }
  }

  @Test("each miss doubles the sleeps without polling, up to 64")
  func backsOff() {
    var poller = AdaptivePoller(processors: 2)
    #expect(skippedSleeps(&poller, misses: 8) == [2, 4, 8, 16, 32, 64, 64, 64])
  }

  @Test("a hit resets the back-off")
  func hit() {
    var poller = AdaptivePoller(processors: 2)
    #expect(skippedSleeps(&poller, misses: 3) == [2, 4, 8])
    #expect(poller.pollBriefly { true })
    #expect(skippedSleeps(&poller, misses: 1) == [2])
  }

  @Test("a request that arrives during the poll is a hit")
  func arrivesLate() {
    var poller = AdaptivePoller(processors: 2)
    var polls = 0
    let hasArrived = poller.pollBriefly {
      polls += 1
      return polls == 2
    }
    // The thread may be preempted for longer than a poll takes.
    #expect(hasArrived == (polls == 2))
  }

  @Test("requests are sustained after four that were polled for or came after a short sleep, until a long sleep")
  func sustained() {
    var poller = AdaptivePoller(processors: 2)
    for _ in 0..<2 { #expect(poller.pollBriefly { true }) }
    #expect(!poller.pollBriefly { false })
    poller.didSleep(for: .microseconds(999), isAnswering: false)
    #expect(!poller.isSustained)
    poller.didSleep(for: .microseconds(9_999), isAnswering: true)
    #expect(poller.isSustained)
    var other = poller
    poller.didSleep(for: .milliseconds(1), isAnswering: false)
    #expect(!poller.isSustained)
    other.didSleep(for: .milliseconds(10), isAnswering: true)
    #expect(!other.isSustained)
  }

  @Test("a single CPU is left to the caller: no polling, and nobody to keep awake")
  func singleProcessor() {
    var poller = AdaptivePoller(processors: 1)
    #expect(
      !poller.pollBriefly {
        Issue.record("polled")
        return true
      })
    for _ in 0..<8 { poller.didSleep(for: .zero, isAnswering: false) }
    #expect(!poller.isSustained)
  }
}
