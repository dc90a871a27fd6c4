internal import CAS
internal import CFUSE
internal import StoreTree
internal import Synchronization

/// Frees the caller of a request that takes long when a signal is to end it: `FUSE_INTERRUPT`.
///
/// It is for requests that change nothing. One that does is carried out: a close that fails because a child of the
/// caller ended would lose what was written.
@safe
final class Interruption: @unchecked Sendable {
  private enum State {
    case quiet, watched, ended
  }

  let cancellation = CancellationToken()
  private let raw: fuse_req_t
  private let thread: Int32
  private let state = Mutex(State.quiet)

  init(_ raw: fuse_req_t, thread: Int32) {
    unsafe self.raw = raw
    self.thread = thread
  }

  /// Wants to be told; before that the signal is not even read.
  func begin() {
    let isNew = state.withLock { state in
      guard state == .quiet else { return false }
      state = .watched
      return true
    }
    guard isNew else { return }
    unsafe fuse_req_interrupt_func(
      raw,
      { (_, data) in
        guard let data = unsafe data else { return }
        unsafe Unmanaged<Interruption>.fromOpaque(data).takeUnretainedValue().take()
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  /// Is told nothing more; to be called before the answer.
  func end() {
    let wasWatched = state.withLock { state in
      defer { state = .ended }
      return state == .watched
    }
    // Waits for whoever is telling.
    if wasWatched { unsafe fuse_req_interrupt_func(raw, nil, nil) }
  }

  private func take() {
    if CallerProcess.isCalledAway(thread: thread) { cancellation.cancel() }
  }
}
