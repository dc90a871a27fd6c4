import Glibc
import Synchronization

/// Holds the reply to a FUSE_RELEASE back until the next request is answered. The kernel does not wait for RELEASE, and a
/// program that opens files in a loop sends the next OPEN right after it; answering OPEN first keeps the caller's CPU out
/// of idle.
final class DeferredReply: Sendable {
  /// The `unique` of the last RELEASE that began; 0 means none.
  private let release = Atomic<UInt64>(0)
  /// The `unique` of the RELEASE whose reply is held; 0 means none.
  private let held = Atomic<UInt64>(0)

  /// Notes that the leader begins a RELEASE.
  func begin(_ unique: UInt64) {
    release.store(unique, ordering: .relaxed)
  }

  /// Holds a reply, if it reports the success of that RELEASE; sends the one that was held before.
  ///
  /// - Returns: `false` if the reply must be sent now.
  func hold(_ vectors: UnsafeMutablePointer<iovec>?, _ count: Int32, _ device: Int32) -> Bool {
    guard let header = unsafe OutHeader(only: vectors, count), header.error == 0, header.unique != 0,
      header.unique == release.load(ordering: .relaxed)
    else { return false }
    replace(with: header.unique, device)
    return true
  }

  /// Sends the held reply, if any.
  func send(_ device: Int32) {
    if held.load(ordering: .relaxed) != 0 { replace(with: 0, device) }
  }

  private func replace(with unique: UInt64, _ device: Int32) {
    let previous = held.exchange(unique, ordering: .relaxed)
    if previous != 0 { OutHeader(error: 0, unique: previous).send(device) }
  }
}
