import CASPlatform
import SystemPackage

/// The properties of the machine and the user on which the treatment of mount options depends.
struct MountSystem {
  /// Whether the kernel knows the labels of SELinux.
  var hasSELinux: Bool
  /// Whether mount(2) is called directly, without fusermount3.
  var isRoot: Bool

  /// Those of this process.
  static var current: MountSystem {
    // The file system of SELinux is mounted while SELinux is enabled: selinux(8).
    MountSystem(
      hasSELinux: (try? PathQuery.absolute("/sys/fs/selinux/enforce")) != nil,
      isRoot: CurrentProcess.effectiveUserID == 0)
  }
}
