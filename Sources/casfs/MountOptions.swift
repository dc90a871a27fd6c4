import CAS
import CASImage
import CASPlatform
import FUSE
import OCI

/// The mount options of `-o`: those of FUSE and casfs, and those that mount(8), fstab(5) and mount.fuse3 add.
struct MountOptions {
  var isReadOnly = false
  var allowsNonempty = false
  /// Whether symbolic links in a store are followed.
  var followsLinks = false
  var verification = Verification.once
  /// Whether blobs that are put are sealed with fs-verity.
  private(set) var sealsBlobs = false
  /// The size limit of the registry cache, in bytes; `nil` is the default of the driver.
  var cacheSize: Int64?
  /// The image whose root file system is mounted; `nil` for the store.
  var image: BlobSelector?
  /// The platform of that image, of an index.
  var platform: Platform?
  /// The size limit of the indexes of layers on disk, in bytes.
  var layerCacheSize = LayerCache.defaultSizeLimit
  /// Whether a write of `index.json` fails if another writer moved one of its names meanwhile.
  var refusesConflicts = false
  /// How long another process can be about to refer to a blob that a tool removed; `nil` is the default.
  var removalGrace: Duration?
  /// The read mode of blobs; `nil` selects the fastest that is possible.
  var readMode: ReadMode?
  /// Whether the kernel may send requests again that a dead server had read.
  private(set) var resends = true
  /// Whether a keeper starts another server when one dies; `nil` has one where that is possible.
  private(set) var wantsKeeper: Bool?
  /// The deaths of servers within ten seconds after which the mount is given up; 0 for no limit.
  private(set) var restartLimit: UInt32 = 5
  /// The policy for idle processors; `nil` selects it by the machine.
  var idlePolicy: CPUIdlePolicy?
  var user: UInt32?
  var group: UInt32?
  var umask: UInt32 = 0
  /// The source that `mount(8)` lists.
  var source: String?
  /// Options for libfuse, with commas in their values escaped.
  private(set) var forwarded: [String] = []
  /// Whether the options are parsed and nothing is mounted, as mount(8) has it for `-f`.
  var isFake = false
  /// Whether unknown words are dropped, as mount(8) has it for `-s`.
  private var isSloppy = false
  private let system: MountSystem

  /// The error of an unknown option, of one that cannot be applied, or of an invalid value.
  struct MountOptionError: Error, CustomStringConvertible {
    let description: String
  }

  /// Parses all `-o` arguments, each a list separated by commas.
  init(_ lists: [String], on system: MountSystem = .current) throws(MountOptionError) {
    self.system = system
    var unknown: MountWord?
    for list in lists {
      for text in MountWord.split(list) {
        let word = MountWord(text)
        if case .unknown = word.kind { unknown = unknown ?? word } else { try parse(word) }
      }
    }
    if let unknown, !isSloppy { throw MountOptionError(description: "unknown mount option '\(unknown)'") }
    if platform != nil, image == nil { throw MountOptionError(description: "mount option platform needs image=NAME") }
    // With access by other users, the kernel must check modes and owners.
    if forwarded.contains("allow_other"), !forwarded.contains("default_permissions") {
      forwarded.append("default_permissions")
    }
  }

  private mutating func parse(_ word: MountWord) throws(MountOptionError) {
    switch word.kind {
    case .flag:
      guard word.value == nil else { throw MountOptionError(description: "mount option \(word.name) takes no value") }
      setFlag(word.name)
    case .setting(let example):
      guard let value = word.value, !value.isEmpty else {
        throw MountOptionError(description: "mount option \(word.name) needs a value: \(word.name)=\(example)")
      }
      try set(word.name, to: value)
    case .securityContext: try addSecurityContext(word)
    case .withoutEffect, .unknown: break
    case .refused(let reason): throw MountOptionError(description: "mount option \(word.name) is refused: \(reason)")
    }
  }

  private mutating func setFlag(_ name: String) {
    switch name {
    case "ro": isReadOnly = true
    case "rw": isReadOnly = false
    case "nonempty": allowsNonempty = true
    case "follow_links": followsLinks = true
    case "sloppy": isSloppy = true
    case "fake": isFake = true
    case "keeper", "nokeeper": wantsKeeper = name == "keeper"
    case "noresend": resends = false
    case "fsverity": sealsBlobs = true
    default: if !forwarded.contains(name) { forwarded.append(name) }
    }
  }

  private mutating func set(_ name: String, to value: String) throws(MountOptionError) {
    switch name {
    case "verify":
      guard let verification = Verification(rawValue: value) else {
        throw MountOptionError(
          description: "mount option verify is one of once, remember, always, none, not '\(value)'")
      }
      self.verification = verification
    case "conflict":
      guard ["last", "refuse"].contains(value) else {
        throw MountOptionError(description: "mount option conflict is one of last, refuse, not '\(value)'")
      }
      refusesConflicts = value == "refuse"
    case "removal_grace": removalGrace = .seconds(Int64(try Self.number(name, value, radix: 10)))
    case "restarts": restartLimit = try Self.number(name, value, radix: 10)
    case "read": readMode = try Self.mode(name, value)
    case "idle": idlePolicy = try Self.mode(name, value)
    case "cache_size": cacheSize = try Self.size(name, value)
    case "image": image = try Self.parsed(name, value) { try BlobSelector.parse($0) }
    case "platform": platform = try Self.parsed(name, value) { try Platform($0) }
    case "layer_cache_size": layerCacheSize = try Self.size(name, value)
    case "uid": user = try Self.number(name, value, radix: 10)
    case "gid": group = try Self.number(name, value, radix: 10)
    case "umask": umask = try Self.number(name, value, radix: 8)
    case "fsname": source = value
    case "max_read": forwarded.append("max_read=\(try Self.number(name, value, radix: 10))")
    // The type of a mount is always the same.
    default: break
    }
  }

  /// Adds a label of SELinux, `context=` and the like, which only the kernel reads.
  private mutating func addSecurityContext(_ word: MountWord) throws(MountOptionError) {
    guard let value = word.value, !value.isEmpty else {
      throw MountOptionError(description: "mount option \(word.name) needs a value: a label of SELinux")
    }
    // A kernel without SELinux refuses the word, which mount(8) then drops too.
    guard system.hasSELinux else { return }
    guard system.isRoot else {
      throw MountOptionError(
        description: "mount option \(word.name) is refused: fusermount3 does not take it; root can give it")
    }
    forwarded.append(Self.escaped("\(word.name)=\(value)"))
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

  private static func parsed<Value>(
    _ name: String, _ value: String, _ parse: (String) throws -> Value
  ) throws(MountOptionError) -> Value {
    do {
      return try parse(value)
    } catch {
      throw MountOptionError(description: "mount option \(name): \(error)")
    }
  }

  private static func size(_ name: String, _ value: String) throws(MountOptionError) -> Int64 {
    guard let size = Int64(byteCount: value) else {
      throw MountOptionError(
        description: "mount option \(name) takes a number of bytes, as 500M or 8G, not '\(value)'")
    }
    return size
  }

  private static func number(_ name: String, _ value: String, radix: Int) throws(MountOptionError) -> UInt32 {
    guard let number = UInt32(value, radix: radix) else {
      let kind = radix == 8 ? "an octal number" : "a number"
      throw MountOptionError(description: "mount option \(name) takes \(kind), not '\(value)'")
    }
    return number
  }

  /// Returns the options for libfuse.
  func libfuseOptions(source: String, isReadOnly: Bool) -> [String] {
    ["fsname=\(Self.escaped(self.source ?? source))", "subtype=casfs"] + forwarded + (isReadOnly ? ["ro"] : [])
  }

  /// The text with commas and backslashes escaped, for libfuse.
  private static func escaped(_ text: String) -> String {
    // By scalars: a `Character` may be a comma with a combining mark.
    var escaped = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      if scalar == "," || scalar == "\\" { escaped.append("\\") }
      escaped.append(scalar)
    }
    return String(escaped)
  }
}
