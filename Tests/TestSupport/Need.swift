import Foundation
public import Testing

/// A requirement of a test on the machine.
public enum Need: Equatable, Sendable {
  /// FUSE.
  case fuse
  /// The superuser.
  case root
  /// Loop devices.
  case loop
  /// These programs.
  case tools([String])

  /// These programs.
  public static func tools(_ names: String...) -> Need { .tools(names) }

  /// The parts that this machine lacks.
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
  /// Skips a test on a machine that lacks something; in continuous integration it runs and fails, except for tests that
  /// need the superuser when they run as an ordinary user on purpose: see `.ci/ordinary`.
  public static func needs(_ needs: Need...) -> Self {
    let missing = needs.flatMap(\.missing)
    let environment = ProcessInfo.processInfo.environment
    let isLeftOut = environment["CASFS_ORDINARY_USER"] != nil && !Need.root.missing.isEmpty && needs.contains(.root)
    let isRequired = environment["CI"] != nil && !isLeftOut
    return .enabled(
      if: missing.isEmpty || isRequired, Comment(rawValue: "this machine lacks \(missing.joined(separator: ", "))"))
  }
}

/// Properties of the machine.
public enum Machine {
  /// The read modes that work for blobs in files; passthrough requires the superuser.
  public static let readModes = (geteuid() == 0 ? ["read=passthrough"] : []) + ["read=splice", "read=copy"]

  /// Whether the kernel tells a process from an earlier one with its number: Linux 6.9.
  public static let hasProcessSerials = ProcessInfo.processInfo.isOperatingSystemAtLeast(
    OperatingSystemVersion(majorVersion: 6, minorVersion: 9, patchVersion: 0))

  /// Whether the kernel sends requests again that a dead server had read (S7).
  public static let resends: Bool = {
    do {
      return try ScriptedMount.mounted("keeper").resends
    } catch {
      // Errors are for the tests to find.
      return true
    }
  }()
}
