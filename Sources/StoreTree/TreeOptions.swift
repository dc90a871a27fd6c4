public import CASImage
public import OCI

/// The options of a mount that concern the tree.
public struct TreeOptions: Sendable {
  /// Whether every change is EROFS.
  public var isReadOnly = false
  /// The owner of nodes that have none of their own.
  public var user: UInt32
  /// The group of nodes that have none of their own.
  public var group: UInt32
  /// Permission bits that are cleared in all attributes.
  public var umask: UInt32 = 0
  /// Whether users other than the one that mounts have access.
  public var allowsOthers = false
  /// Whether the kernel may cache the content of blobs.
  public var cachesBlobs = true
  /// Whether a write of `index.json` fails with EEXIST if another writer moved one of its names meanwhile.
  public var refusesConflicts = false
  /// How long a blob that a tool removed can be one that another process is about to refer to.
  public var removalGrace = Duration.seconds(600)
  /// The most bytes that processes write to `index.json` and have not closed, which are in memory. One index has 64 MiB.
  public var indexMemoryLimit = 256 << 20
  /// The most names below `incoming`.
  public var incomingLimit = 1_000_000
  /// How many blobs one generation of recently closed ones keeps open; there are two.
  public var recentBlobLimit = 1024
  /// Keeps what was learned of the layers of images; `nil` keeps it in memory while it is used.
  public var layerCache: LayerCache?
  /// The manifest of an image whose file system is the whole tree; `nil` for the store.
  public var rootImage: Descriptor?
  /// How long a lookup or listing waits for a stuck commit.
  public var commitTimeout = Duration.seconds(30)

  /// Makes default options for an owner and group.
  public init(user: UInt32, group: UInt32) {
    self.user = user
    self.group = group
  }
}
