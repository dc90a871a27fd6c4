/// A word of a list of mount options, `NAME` or `NAME=VALUE`.
struct MountWord: CustomStringConvertible {
  /// The treatment of a word.
  enum Kind {
    /// A word without a value, for casfs or libfuse.
    case flag
    /// A word with a value, which has one like the example.
    case setting(example: String)
    /// A label of SELinux.
    case securityContext
    /// A word for mount(8), systemd or another kind of file system, which changes nothing here.
    case withoutEffect
    /// A word that cannot be applied and must not be dropped, with the reason and the way to have it.
    case refused(String)
    /// A word that neither mount(8) nor casfs has.
    case unknown
  }

  let name: String
  let value: String?

  /// Splits a word at its first `=`.
  init(_ text: String) {
    let parts = text.utf8.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
    name = parts.first.map { String(Substring($0)) } ?? ""
    value = parts.count == 2 ? String(Substring(parts[1])) : nil
  }

  var description: String { value.map { "\(name)=\($0)" } ?? name }

  private static let flags: Set<String> = [
    "ro", "rw", "nonempty", "follow_links", "allow_other", "allow_root", "default_permissions", "auto_unmount",
    "keeper", "nokeeper", "noresend", "fsverity", "noexec", "sync", "dirsync", "noatime", "sloppy", "fake",
  ]

  private static let settings: [String: String] = [
    "verify": "once", "read": "auto", "idle": "auto", "cache_size": "8G", "uid": "1000", "gid": "1000", "umask": "022",
    "fsname": "store", "subtype": "casfs", "max_read": "131072", "conflict": "last", "removal_grace": "600",
    "layer_cache_size": "1G", "image": "alpine:3.20", "platform": "linux/arm64",
    "restarts": "5",
  ]

  private static let securityContexts: Set<String> = ["context", "fscontext", "defcontext", "rootcontext"]

  /// The words of mount(8), "FILESYSTEM-INDEPENDENT MOUNT OPTIONS", of fstab(5) and of systemd.mount(5) that have no
  /// effect. A mount is always `nosuid,nodev`, and the times of its files are those of the store.
  private static let withoutEffect: Set<String> = [
    "defaults", "dev", "nodev", "suid", "nosuid", "exec", "async", "auto", "noauto", "nofail", "_netdev", "_rnetdev",
    "user", "nouser", "users", "nousers", "owner", "noowner", "group", "nogroup", "comment", "uhelper", "helper",
    "atime", "diratime", "nodiratime", "relatime", "norelatime", "strictatime", "nostrictatime", "lazytime",
    "nolazytime", "iversion", "noiversion", "mand", "nomand", "silent", "loud", "symfollow",
  ]

  private static let propagations: Set<String> = [
    "private", "rprivate", "shared", "rshared", "slave", "rslave", "unbindable", "runbindable",
  ]

  var kind: Kind {
    if Self.flags.contains(name) { return .flag }
    if let example = Self.settings[name] { return .setting(example: example) }
    if Self.securityContexts.contains(name) { return .securityContext }
    if LibfuseWord.withoutEffect.contains(name) { return .withoutEffect }
    if Self.withoutEffect.contains(name) || name.hasPrefix("x-") || name.hasPrefix("X-") { return .withoutEffect }
    if Self.propagations.contains(name) {
      return .refused("the propagation of a mount is changed by mount --make-\(name) DIRECTORY")
    }
    switch name {
    case "remount":
      return .refused(
        "a mount keeps its options; mount -i -o remount,ro DIRECTORY stops writing, and all else needs an unmount")
    case "bind", "rbind", "move": return .refused("mount the store first, and then mount --\(name) its directory")
    case "nosymfollow": return .refused("mount -o remount,bind,nosymfollow DIRECTORY applies it to a mount")
    case "loop", "offset", "sizelimit": return .refused("a store is not a block device; mount its file system first")
    default: return LibfuseWord.refusal(of: name).map { .refused($0) } ?? .unknown
    }
  }

  /// Splits a list at its commas. A value in double quotes may contain commas: a label of SELinux does.
  static func split(_ list: String) -> [String] {
    var words: [[UInt8]] = [[]]
    var isQuoted = false
    for byte in list.utf8 {
      if byte == UInt8(ascii: "\"") { isQuoted = !isQuoted && words[words.count - 1].last == UInt8(ascii: "=") }
      if byte == UInt8(ascii: ","), !isQuoted {
        words.append([])
      } else {
        words[words.count - 1].append(byte)
      }
    }
    return words.filter { !$0.isEmpty }.map { String(decoding: $0, as: UTF8.self) }
  }
}
