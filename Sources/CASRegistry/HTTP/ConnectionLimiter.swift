import CAS
import CASPlatform
import Synchronization

/// A counting semaphore over the concurrent exchanges with a registry. Bulk transfers get fewer permits than there are,
/// so that a short request never waits for the end of a download.
final class ConnectionLimiter: Sendable {
  static let maximumExchanges = 8
  private static let maximumBulkExchanges = 6

  private struct State {
    var all = 0
    var bulk = 0
  }

  /// The right to one exchange. Further calls of ``release()`` have no effect.
  final class Permit: Sendable {
    private let limiter: ConnectionLimiter
    private let isBulk: Bool
    private let isReleased = Atomic(false)

    fileprivate init(_ limiter: ConnectionLimiter, isBulk: Bool) {
      self.limiter = limiter
      self.isBulk = isBulk
    }

    func release() {
      if isReleased.exchange(true, ordering: .relaxed) { return }
      limiter.state.withLock { state in
        state.all -= 1
        if isBulk { state.bulk -= 1 }
      }
    }
  }

  private let state = Monitor(State())

  /// Waits for a permit.
  ///
  /// - Throws: `RegistryError.cancelled`.
  func acquire(isBulk: Bool, _ cancellation: CancellationToken) throws(RegistryError) -> Permit {
    while true {
      let isAcquired = state.withLock(notifying: .none) { state in
        guard state.all < Self.maximumExchanges, !isBulk || state.bulk < Self.maximumBulkExchanges else { return false }
        state.all += 1
        if isBulk { state.bulk += 1 }
        return true
      }
      if isAcquired { return Permit(self, isBulk: isBulk) }
      _ = state.wait(for: .milliseconds(20)) {
        $0.all < Self.maximumExchanges && (!isBulk || $0.bulk < Self.maximumBulkExchanges)
      }
      if cancellation.isCancelled { throw .cancelled }
    }
  }
}
