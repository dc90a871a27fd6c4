public import CAS
import OCI
import StoreTree

/// The part of a mount's status that does not change while it lives.
public struct MountDescription: Sendable {
  /// The version of the program that serves the mount.
  public var version: String
  /// The store's URI.
  public var store: String
  /// The name of the driver that opened the store.
  public var driver: String
  /// The process that serves the mount.
  public var process: Int32
  /// Whether nothing can be changed through the mount.
  public var isReadOnly: Bool
  /// When blobs are verified.
  public var verification: Verification

  /// Makes a description of its parts.
  public init(
    version: String, store: String, driver: String, process: Int32, isReadOnly: Bool, verification: Verification
  ) {
    self.version = version
    self.store = store
    self.driver = driver
    self.process = process
    self.isReadOnly = isReadOnly
    self.verification = verification
  }
}

/// The state of a mount: its description, the way of reading, and the state of the tree.
public struct MountStatus: Sendable {
  /// The extended attribute of the mount's root that has the status as one line of JSON.
  public static let attribute = "user.casfs.status"

  let description: MountDescription?
  let readMode: ReadMode
  let tree: TreeStatus

  /// The attribute's value. The order of the members is that of `casfs status`.
  var content: [UInt8] {
    var members: [JSON.Member] = []
    if let description {
      members += [
        JSON.Member("version", .string(description.version)), JSON.Member("store", .string(description.store)),
        JSON.Member("driver", .string(description.driver)), Self.number("process", description.process),
        JSON.Member("read_only", .bool(description.isReadOnly)),
        JSON.Member("verify", .string(description.verification.rawValue)),
      ]
    }
    members += [
      JSON.Member("read_mode", .string(readMode.rawValue)), Self.number("commits_pending", tree.pendingCommits),
      Self.number("nodes", tree.nodes), Self.number("open_files", tree.openFiles),
      JSON.Member("counters", .object(tree.counters.map { Self.number($0.name, $0.value) })),
    ]
    return JSON.object(members).serialized
  }

  private static func number(_ name: String, _ value: some BinaryInteger) -> JSON.Member {
    JSON.Member(name, .number(String(value)))
  }
}
