import CAS
import CASPlatform
import SystemPackage

/// The end of a mount's daemon after the unmount, which `casfs unmount` waits for.
struct DaemonExit {
  /// The time without a message.
  private static let quietTime = Duration.seconds(1)
  /// The time limit for the daemon to publish files that were closed before.
  private static let timeout = Duration.seconds(600)

  private let process: Int32
  private let device: String?
  private let context: OperationContext

  /// - Parameter device: the device of the mount in ``MountTable``, while it was mounted.
  init(of process: Int32, device: String?, _ context: OperationContext) {
    self.process = process
    self.device = device
    self.context = context
  }

  /// Waits, and prints the reason when that takes long.
  ///
  /// - Throws: ETIMEDOUT with the reason if the daemon has not ended in time.
  func wait() throws(CASError) {
    if try hasEnded(within: Self.quietTime) { return }
    Report.warn("\(context.operation) \(context.subject): it is unmounted here, and \(reason)")
    if try hasEnded(within: Self.timeout - Self.quietTime) { return }
    throw CASError(.io(.timedOut), context, cause: "it is unmounted here, and after \(Self.timeout) \(reason)")
  }

  private func hasEnded(within time: Duration) throws(CASError) -> Bool {
    do throws(Errno) {
      try Daemon.waitForExit(of: process, timeout: time)
      return true
    } catch {
      guard error == .timedOut else { throw CASError(error, context) }
      return false
    }
  }

  /// The cause of the daemon's life. A mount namespace that was made meanwhile has a copy of each mount, which ends with
  /// the last process in it.
  private var reason: String {
    if let device, let holder = MountTable.process(withMountOf: device) {
      return "its daemon \(process) serves a copy in the mount namespace of process \(holder) until that copy ends"
    }
    return "its daemon \(process) still stores closed files"
  }
}
