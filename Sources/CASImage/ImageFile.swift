public import CASPlatform

/// A file of an image, by one of its names.
public struct ImageFile: Sendable {
  let node: Int32
  /// The bytes of the last part of the name; empty for the root.
  public let nameBytes: [UInt8]
  /// The type.
  public let kind: FileKind
  /// The permission bits, with set-id and sticky bits.
  public let mode: UInt16
  /// The owner's user id.
  public let user: UInt32
  /// The owner's group id.
  public let group: UInt32
  /// The time of the last change of the content.
  public let modified: Timestamp
  /// The length of a regular file, or of a link's target, in bytes.
  public let size: Int64
  /// The number of names of a file; 1 for a directory.
  public let linkCount: UInt32
  /// A number that all names of one file share, and no other file of the image has.
  public let fileNumber: Int
  /// The number of the layer that the entry comes from, 0 for the lowest.
  public let layer: Int
  /// The target of a symbolic link.
  public let target: [UInt8]
  /// The numbers of a device.
  public let device: (major: UInt32, minor: UInt32)
  /// The extended attributes.
  public let attributes: [ExtendedAttribute]

  init(_ node: Int32, _ tree: FileTree) {
    self.node = node
    let entry = tree.nodes[Int(node)]
    let inode = tree.inode(of: node)
    nameBytes = Array(tree.name(of: node))
    kind = inode.kind
    mode = inode.mode
    user = inode.user
    group = inode.group
    modified = Timestamp(seconds: inode.seconds, nanoseconds: inode.nanoseconds)
    size = inode.size
    linkCount = inode.links
    fileNumber = Int(entry.inode)
    layer = Int(entry.layer)
    target = inode.kind == .symbolicLink ? Array(tree.target(of: inode)) : []
    let isDevice = inode.kind == .characterDevice || inode.kind == .blockDevice
    device =
      isDevice ? (UInt32(truncatingIfNeeded: inode.place >> 32), UInt32(truncatingIfNeeded: inode.place)) : (0, 0)
    attributes = inode.extra >= 0 ? tree.extras[Int(inode.extra)].attributes : []
  }

  /// The last part of the name as text.
  public var name: String { String(decoding: nameBytes, as: UTF8.self) }
}
