import CASPlatform
import SystemPackage

/// The reason of a failed `fuse_session_mount(3)`, which libfuse and fusermount3 print to standard error.
package struct MountFailure: CustomStringConvertible {
  package let description: String

  /// Makes one line of the printed text. An EACCES of fusermount3 names AppArmor if that is enabled: its profile limits
  /// the directories for mounts, and the text of the error does not differ from that of a missing permission.
  ///
  /// - Parameter message: the printed text; an empty one means that the kernel gave no reason.
  /// - Parameter isConfined: whether AppArmor is enabled on this machine.
  package init(message: String, isConfined: Bool) {
    let lines = message.split(whereSeparator: \.isNewline)
    var text = lines.isEmpty ? "the kernel refused it" : lines.joined(separator: "; ")
    if isConfined, message.contains("fusermount"), message.contains(Errno.permissionDenied.description) {
      text += "; where AppArmor forbids it, allow the directory in \(AppArmor.profile)"
    }
    description = text
  }
}

/// The security module that confines fusermount3 on Ubuntu.
package enum AppArmor {
  /// The profile of fusermount3.
  package static let profile = "/etc/apparmor.d/fusermount3"

  /// Whether the kernel enforces profiles: `/sys/module/apparmor/parameters/enabled` is `Y`.
  package static var isEnabled: Bool {
    let parameter = try? OpenFile.open(path: "/sys/module/apparmor/parameters/enabled", .readOnly)
    return (try? parameter?.remainingContents(limit: 16))?.first == UInt8(ascii: "Y")
  }
}
