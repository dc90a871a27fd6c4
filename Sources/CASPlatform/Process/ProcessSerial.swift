import CLinux
package import SystemPackage

/// A number of a process that no other process has until the system starts again, unlike its process id.
package enum ProcessSerial {
  /// `PID_FS_MAGIC` of `<linux/magic.h>`.
  private static let fileSystemType: Int64 = 0x5049_4446
  private static let isSupported = (try? open(CurrentProcess.id).origin().type) == fileSystemType

  /// Returns the number: the inode number of the descriptor of `pidfd_open(2)`. Before Linux 6.9 all descriptors have one, and
  /// the number is 0.
  ///
  /// - Throws: ESRCH if no process has the id.
  package static func number(of process: Int32) throws(Errno) -> UInt64 {
    isSupported ? try open(process).status().identity.inode : 0
  }

  private static func open(_ process: Int32) throws(Errno) -> OpenFile {
    OpenFile(owning: try CachedDescriptors.retrying { casfs_open_process(process) })
  }
}
