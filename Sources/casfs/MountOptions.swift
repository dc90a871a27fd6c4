import CAS
import CASPlatform
import FUSE

/// The mount options of `-o`: those of FUSE and casfs, and those that mount(8), fstab(5) and mount.fuse3 add.
struct MountOptions {
  var isReadOnly = false
  var allowsNonempty = false
  /// Whether symbolic links in a store are followed.
  var followsLinks = false
  var verification = Verification.once
  /// The size limit of the registry cache, in bytes; `nil` is the default of the driver.
  var cacheSize: Int64?
  /// The read mode of blobs; `nil` selects the fastest that is possible.
  var readMode: ReadMode?
  /// The policy for idle processors; `nil` selects it by the machine.
  var idlePolicy: CPUIdlePolicy?
  var user: UInt32?
  var group: UInt32?
  var umask: UInt32 = 0
  /// The source that `mount(8)` lists.
  var source: String?
  /// Options for libfuse, unchanged.
  private(set) var forwarded: [String] = []

  /// The error of an unknown option, or of an invalid value.
  struct MountOptionError: Error, CustomStringConvertible {
    let description: String
  }

  /// Options without effect, which mount(8) adds or users expect. A mount is always `nosuid,nodev`.
  private static let ignored: Set<String> = [
    "defaults", "dev", "nodev", "suid", "nosuid", "exec", "async", "atime", "relatime", "auto", "noauto",
    "user", "nouser", "users", "nofail", "_netdev", "rw",
  ]
  private static let forwardedFlags: Set<String> = [
    "allow_other", "allow_root", "default_permissions", "auto_unmount", "noexec", "sync", "dirsync", "noatime",
  ]

  /// Parses all `-o` arguments, each a list separated by commas.
  init(_ lists: [String]) throws(MountOptionError) {
    for list in lists {
      for word in list.utf8.split(separator: UInt8(ascii: ",")) { try parse(String(Substring(word))) }
    }
    // With access by other users, the kernel must check modes and owners.
    if forwarded.contains("allow_other"), !forwarded.contains("default_permissions") {
      forwarded.append("default_permissions")
    }
  }

  private mutating func parse(_ word: String) throws(MountOptionError) {
    let parts = word.utf8.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false).map {
      String(Substring($0))
    }
    guard parts.count == 2 else {
      switch word {
      case "ro": isReadOnly = true
      case "nonempty": allowsNonempty = true
      case "follow_links": followsLinks = true
      case _ where Self.forwardedFlags.contains(word):
        if !forwarded.contains(word) { forwarded.append(word) }
      case _ where Self.ignored.contains(word) || word.hasPrefix("x-"):
        if word == "rw" { isReadOnly = false }
      default: throw MountOptionError(description: "unknown mount option '\(word)'")
      }
      return
    }
    let (name, value) = (parts[0], parts[1])
    switch name {
    case "verify":
      guard let verification = Verification(rawValue: value) else {
        throw MountOptionError(description: "mount option verify is one of once, always, none, not '\(value)'")
      }
      self.verification = verification
    case "read": readMode = try Self.mode(name, value)
    case "idle": idlePolicy = try Self.mode(name, value)
    case "cache_size":
      guard let size = Int64(byteCount: value) else {
        throw MountOptionError(
          description: "mount option cache_size takes a number of bytes, as 500M or 8G, not '\(value)'")
      }
      cacheSize = size
    case "uid": user = try Self.number(name, value, radix: 10)
    case "gid": group = try Self.number(name, value, radix: 10)
    case "umask": umask = try Self.number(name, value, radix: 8)
    case "fsname": source = value
    case "subtype": break
    case "max_read": forwarded.append("max_read=\(try Self.number(name, value, radix: 10))")
    case _ where name.hasPrefix("x-"): break
    default: throw MountOptionError(description: "unknown mount option '\(name)'")
    }
  }

  /// Parses one of several modes; `auto` is `nil`.
  private static func mode<Mode: CaseIterable & RawRepresentable<String>>(
    _ name: String, _ value: String
  ) throws(MountOptionError) -> Mode? {
    if value == "auto" { return nil }
    if let mode = Mode(rawValue: value) { return mode }
    let modes = Mode.allCases.map(\.rawValue).joined(separator: ", ")
    throw MountOptionError(description: "mount option \(name) is one of auto, \(modes), not '\(value)'")
  }

  private static func number(_ name: String, _ value: String, radix: Int) throws(MountOptionError) -> UInt32 {
    guard let number = UInt32(value, radix: radix) else {
      throw MountOptionError(description: "mount option \(name) takes a number, not '\(value)'")
    }
    return number
  }

  /// Returns the options for libfuse, in which a comma or backslash in the source is escaped.
  func libfuseOptions(source: String, isReadOnly: Bool) -> [String] {
    // By scalars: a `Character` may be a comma with a combining mark.
    var name = String.UnicodeScalarView()
    for scalar in (self.source ?? source).unicodeScalars {
      if scalar == "," || scalar == "\\" { name.append("\\") }
      name.append(scalar)
    }
    return ["fsname=\(String(name))", "subtype=casfs"] + forwarded + (isReadOnly ? ["ro"] : [])
  }
}
