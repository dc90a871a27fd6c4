public import CASPlatform

/// A file of an image, by one of its names.
public struct ImageFile: Sendable {
  /// The number of its name in the image.
  package let node: Int32
  /// The image that the file is of.
  package let image: Image

  /// Makes the file of a name in the image.
  package init(_ node: Int32, _ image: Image) {
    self.node = node
    self.image = image
  }

  private var inode: FileTree.Inode { image.tree.inode(of: node) }

  /// The bytes of the last part of the name; empty for the root.
  public var nameBytes: [UInt8] { Array(image.tree.name(of: node)) }
  /// The last part of the name as text.
  public var name: String { String(decoding: image.tree.name(of: node), as: UTF8.self) }
  /// The type.
  public var kind: FileKind { inode.kind }
  /// The permission bits, with set-id and sticky bits.
  public var mode: UInt16 { inode.mode }
  /// The owner's user id.
  public var user: UInt32 { inode.user }
  /// The owner's group id.
  public var group: UInt32 { inode.group }
  /// The time of the last change of the content.
  public var modified: Timestamp { Timestamp(seconds: inode.seconds, nanoseconds: inode.nanoseconds) }
  /// The length of a regular file, or of a link's target, in bytes.
  public var size: Int64 { inode.size }
  /// The number of names of a file; 1 for a directory.
  public var linkCount: UInt32 { inode.links }
  /// A number that all names of one file share, and no other file of the image has.
  public var fileNumber: Int { Int(image.tree.nodes[Int(node)].inode) }
  /// The number of the layer that the entry comes from, 0 for the lowest.
  public var layer: Int { Int(image.tree.nodes[Int(node)].layer) }
  /// The number of the layer that the content comes from, or the target or the metadata of what has no content.
  package var contentLayer: Int { Int(inode.layer) }
  /// The target of a symbolic link.
  public var target: [UInt8] { kind == .symbolicLink ? Array(image.tree.target(of: inode)) : [] }

  /// The numbers of a device.
  public var device: (major: UInt32, minor: UInt32) {
    guard kind == .characterDevice || kind == .blockDevice else { return (0, 0) }
    let numbers = inode.place
    return (UInt32(truncatingIfNeeded: numbers >> 32), UInt32(truncatingIfNeeded: numbers))
  }

  /// The extended attributes.
  public var attributes: [ExtendedAttribute] {
    let extra = inode.extra
    return extra >= 0 ? image.tree.extras[Int(extra)].attributes : []
  }

  /// The data of a regular file by ascending offset, if it has holes; `nil` if it is data alone.
  package var data: [Range<Int64>]? {
    let extra = inode.extra
    guard kind == .file, extra >= 0, let pieces = image.tree.extras[Int(extra)].pieces else { return nil }
    return pieces.map { $0.offset..<$0.offset + $0.length }
  }

  /// Whether this is the root directory.
  package var isRoot: Bool { node == 0 }

  /// The directory that has the name; of the root, the root itself.
  package var parent: ImageFile { ImageFile(image.tree.nodes[Int(node)].parent, image) }
}
