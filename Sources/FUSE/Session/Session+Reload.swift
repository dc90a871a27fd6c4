package import CASPlatform
import CFUSE
import StoreTree
package import SystemPackage

extension Session {
  /// How long the answers to requests that were read may take before the program is replaced.
  private static let answerTimeout = Duration.seconds(5)

  /// Calls a function when the owner of the mount asks for the program to be replaced, once for each request until
  /// ``didFailToReload(_:)``.
  package func acceptReloads(_ handler: @escaping @Sendable () -> Void) {
    sessionState.reloads.accept(handler)
  }

  /// Whether the owner of the mount has asked for the program to be replaced.
  package var isReloading: Bool { sessionState.reloads.isPending }

  /// Ends such a request, whose reason the status shows.
  package func didFailToReload(_ reason: String) {
    sessionState.reloads.fail { sessionState.kept?.mount.noteFailedReload(reason) }
  }

  /// Replaces the program of the process, which must serve a mount for a ``Keeper``. Requests that were read are answered
  /// before, and the next program reads those that wait. It returns by an error alone, after which this program serves.
  ///
  /// - Throws: the error of the system; EBUSY if the answers take too long; EOPNOTSUPP if the store cannot go on with
  ///   content that is being written.
  package func replaceProgram(by program: OpenFile) throws(Errno) {
    guard let kept = sessionState.kept else { throw .notSupportedOnSocket }
    defer { invalidator.open() }
    guard invalidator.close(waiting: Self.answerTimeout) else { throw .resourceBusy }
    gate.close()
    defer { gate.open() }
    let deadline = ContinuousClock.now + Self.answerTimeout
    while !isQuiet {
      guard ContinuousClock.now < deadline else { throw .resourceBusy }
      Thread.sleep(for: .milliseconds(1))
    }
    try kept.mount.replaceProgram(
      by: program, device: sharedDevice, leaving: try sessionState.tree.handover())
  }

  /// Whether every request that was read is answered, and none is read.
  private var isQuiet: Bool { gate.holdsLeader && !sessionState.workers.isBusy && !sessionState.tree.isCommitting }
}
