import CASPlatform
import Glibc
import SystemPackage

/// The requests of the mount's owner to replace the program of the server, one at a time.
final class ReloadRequests: Sendable {
  private struct State {
    var handler: (@Sendable () -> Void)?
    var isPending = false
  }

  private let state = Monitor(State())

  /// Whether a request waits to be handled, or is.
  var isPending: Bool { state.withLock(notifying: .none) { $0.isPending } }

  /// Sets the function that is called when a request arrives.
  func accept(_ handler: @escaping @Sendable () -> Void) {
    state.withLock { $0.handler = handler }
  }

  /// Begins a request: `ioctl(2)`.
  ///
  /// - Throws: EPERM for a user who does not own the mount; EBUSY while another request is handled; EOPNOTSUPP for a mount
  ///   without a keeper.
  func begin(by user: UInt32) throws(Errno) {
    guard user == 0 || user == geteuid() else { throw .notPermitted }
    let handler = try state.withLock { (state) throws(Errno) in
      guard let handler = state.handler else { throw .notSupportedOnSocket }
      guard !state.isPending else { throw .resourceBusy }
      state.isPending = true
      return handler
    }
    handler()
  }

  /// Ends a request that has failed.
  ///
  /// - Parameter note: notes the failure.
  func fail(_ note: () -> Void) {
    state.withLock { state in
      note()
      state.isPending = false
    }
  }

  /// Reads what ``fail(_:)`` has noted.
  func failures<Result>(_ read: () -> Result) -> Result { state.withLock(notifying: .none) { _ in read() } }
}
