import CLinux
import Glibc
public import SystemPackage

/// What a process may do beyond what its user may.
public enum Privileges {
  /// Rights that root's processes have: `capabilities(7)`.
  public struct Capabilities: OptionSet, Sendable {
    /// A bit for each number that the system gives them.
    public let rawValue: UInt64

    /// Makes a set of its bits.
    public init(rawValue: UInt64) {
      self.rawValue = rawValue
    }

    private init(number: Int) {
      rawValue = 1 << UInt64(number)
    }

    /// `CAP_CHOWN`: to give files away.
    public static let changeOwner = Capabilities(number: casfs_CAP_CHOWN)
    /// `CAP_DAC_OVERRIDE`: to open files whatever their modes are.
    public static let overridePermissions = Capabilities(number: casfs_CAP_DAC_OVERRIDE)
    /// `CAP_FOWNER`: to change modes and times of other users' files.
    public static let actAsOwner = Capabilities(number: casfs_CAP_FOWNER)
    /// `CAP_LEASE`: to ask who writes other users' files.
    public static let lease = Capabilities(number: casfs_CAP_LEASE)
    /// `CAP_SYS_PTRACE`: to look which files other processes have open.
    public static let inspectProcesses = Capabilities(number: casfs_CAP_SYS_PTRACE)
    /// `CAP_SYS_ADMIN`: to mount, and much else.
    public static let administer = Capabilities(number: casfs_CAP_SYS_ADMIN)
  }

  /// Gives up for good all capabilities but these, and keeps programs that are started later from having others:
  /// `capset(2)`, `PR_CAPBSET_DROP`. Must be called before threads are started, which have what this one has.
  public static func keep(_ kept: Capabilities) throws(Errno) {
    _ = try retrying { casfs_keep_capabilities(kept.rawValue) }
  }

  /// Keeps this process and those it starts from ever getting privileges by starting programs: `PR_SET_NO_NEW_PRIVS`.
  public static func forbidNew() throws(Errno) {
    _ = try retrying { casfs_no_new_privileges() }
  }
}
