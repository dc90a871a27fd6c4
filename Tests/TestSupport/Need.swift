import Foundation
public import Testing

/// What some tests need of the machine.
public enum Need: Equatable, Sendable {
  /// File systems in user space.
  case fuse
  /// To be the superuser.
  case root
  /// Files that stand for disks.
  case loop
  /// These programs.
  case tools([String])

  /// These programs.
  public static func tools(_ names: String...) -> Need { .tools(names) }

  /// What of it is missing here.
  var missing: [String] {
    switch self {
    case .fuse:
      let manager = FileManager.default
      let hasDevice = manager.isReadableFile(atPath: "/dev/fuse") && manager.isWritableFile(atPath: "/dev/fuse")
      return (hasDevice ? [] : ["a usable /dev/fuse"]) + Need.tools("fusermount3").missing
    case .loop:
      let hasDevice = FileManager.default.isWritableFile(atPath: "/dev/loop-control")
      return (hasDevice ? [] : ["loop devices"]) + Need.tools("mkfs.ext4").missing
    case .root: return geteuid() == 0 ? [] : ["the superuser"]
    case .tools(let names):
      return names.filter { name in
        !["/usr/bin", "/bin", "/usr/sbin", "/sbin"].contains {
          FileManager.default.isExecutableFile(atPath: "\($0)/\(name)")
        }
      }
    }
  }
}

extension Trait where Self == ConditionTrait {
  /// Skips a test on a machine that lacks something; in continuous integration it runs, and fails. Only those that need
  /// the superuser are skipped there too, when they are run as somebody else on purpose: see `.ci/ordinary`.
  public static func needs(_ needs: Need...) -> Self {
    let missing = needs.flatMap(\.missing)
    let environment = ProcessInfo.processInfo.environment
    let isLeftOut = environment["CASFS_ORDINARY_USER"] != nil && !Need.root.missing.isEmpty && needs.contains(.root)
    let isRequired = environment["CI"] != nil && !isLeftOut
    return .enabled(
      if: missing.isEmpty || isRequired, Comment(rawValue: "this machine lacks \(missing.joined(separator: ", "))"))
  }
}

/// The machine, and who runs the tests on it.
public enum Machine {
  /// The ways of reading blobs that can be asked of a mount of files: an ordinary user's kernel reads nothing by itself.
  public static let readModes = (geteuid() == 0 ? ["read=passthrough"] : []) + ["read=splice", "read=copy"]
}
