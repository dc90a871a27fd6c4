import Glibc
import Synchronization

/// The answer to a `FUSE_RELEASE`, which nobody waits for: it is kept until who asks next has theirs. A program that
/// opens one file after another lets go of the last just before it asks for the next, and when the answer to that comes
/// soon enough its processor has not gone to sleep.
final class DeferredReply: Sendable {
  /// The release that the leader serves; 0 is none.
  private let release = Atomic<UInt64>(0)
  /// The release whose answer is kept; 0 is none.
  private let held = Atomic<UInt64>(0)

  /// Notes that the leader begins to serve a release.
  func begin(_ unique: UInt64) {
    release.store(unique, ordering: .relaxed)
  }

  /// Keeps an answer, if it is that release's and says that it is done.
  ///
  /// - Returns: whether it did; else the answer is to be sent.
  func hold(_ vectors: UnsafeMutablePointer<iovec>?, _ count: Int32, _ device: Int32) -> Bool {
    guard let header = unsafe OutHeader(only: vectors, count), header.error == 0, header.unique != 0,
      header.unique == release.load(ordering: .relaxed)
    else { return false }
    replace(with: header.unique, device)
    return true
  }

  /// Sends what is kept.
  func send(_ device: Int32) {
    if held.load(ordering: .relaxed) != 0 { replace(with: 0, device) }
  }

  private func replace(with unique: UInt64, _ device: Int32) {
    let before = held.exchange(unique, ordering: .relaxed)
    if before != 0 { OutHeader(error: 0, unique: before).send(device) }
  }
}
