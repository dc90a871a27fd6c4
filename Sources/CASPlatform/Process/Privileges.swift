import CLinux
import Glibc
package import SystemPackage

/// The capabilities of the process: `capabilities(7)`.
package enum Privileges {
  /// A set of capabilities.
  package struct Capabilities: OptionSet, Sendable {
    /// The bits, by the numbers of the capabilities.
    package let rawValue: UInt64

    /// Creates a set from its bits.
    package init(rawValue: UInt64) {
      self.rawValue = rawValue
    }

    private init(number: Int) {
      rawValue = 1 << UInt64(number)
    }

    /// `CAP_CHOWN`: change owners and groups of files.
    package static let changeOwner = Capabilities(number: casfs_CAP_CHOWN)
    /// `CAP_DAC_OVERRIDE`: open files in spite of their modes.
    package static let overridePermissions = Capabilities(number: casfs_CAP_DAC_OVERRIDE)
    /// `CAP_FOWNER`: change modes and times of other users' files.
    package static let actAsOwner = Capabilities(number: casfs_CAP_FOWNER)
    /// `CAP_LEASE`: take leases of other users' files, which show if a writer has them open.
    package static let lease = Capabilities(number: casfs_CAP_LEASE)
    /// `CAP_SYS_PTRACE`: read `/proc/PID` of other users' processes.
    package static let inspectProcesses = Capabilities(number: casfs_CAP_SYS_PTRACE)
    /// `CAP_SYS_ADMIN`: mount, unmount, and register passthrough files.
    package static let administer = Capabilities(number: casfs_CAP_SYS_ADMIN)
  }

  /// Drops all capabilities but these, for this process and the programs that it starts: `capset(2)`, `prctl(2)` with
  /// `PR_CAPBSET_DROP`. It must be called before threads are started, which inherit the capabilities.
  package static func keep(_ kept: Capabilities) throws(Errno) {
    _ = try retrying { casfs_keep_capabilities(kept.rawValue) }
  }

  /// Prevents this process and its children from gaining privileges by `execve(2)`: `prctl(2)` with
  /// `PR_SET_NO_NEW_PRIVS`.
  package static func setNoNewPrivileges() throws(Errno) {
    _ = try retrying { casfs_no_new_privileges() }
  }
}
