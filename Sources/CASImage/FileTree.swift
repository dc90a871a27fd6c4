import CASCompression
import CASPlatform

/// The merged tree of an image: names, and the files that they are links to, in arrays without pointers.
///
/// A removed name stays in the list of its directory, with `inode` -1, until it is used again.
struct FileTree: Sendable {
  /// A name in a directory.
  struct Node: Sendable {
    var parent: Int32
    var nameStart: UInt32
    var nameLength: UInt16
    /// The number of the layer that the entry comes from.
    var layer: UInt16
    /// The number of the layer in whose own tree the name is; see ``FileTree/current``.
    var stamp: UInt16
    /// The file; -1 for a removed name.
    var inode: Int32
    var firstChild: Int32 = -1
    var nextSibling: Int32 = -1
  }

  /// A file of one or several names.
  struct Inode: Sendable {
    private static let modeMask: UInt16 = 0o7777

    /// The number of the layer with the content.
    var layer: UInt16
    /// The mode, and the type above it: a byte of its own would take eight with its padding.
    private var modeAndKind: UInt16
    var nanoseconds: UInt32 = 0
    var user: UInt32 = 0
    var group: UInt32 = 0
    var links: UInt32 = 0
    /// The index of further properties; -1 without any.
    var extra: Int32 = -1
    var seconds: Int64 = 0
    /// The length of a file or of a link's target, in bytes.
    var size: Int64 = 0
    /// The offset of a file's data in its decoded layer, of a link's target in `bytes`, or the numbers of a device.
    var place: Int64 = 0

    init(
      kind: FileKind, layer: UInt16, mode: UInt16, nanoseconds: UInt32 = 0, user: UInt32 = 0, group: UInt32 = 0,
      links: UInt32 = 0, seconds: Int64 = 0
    ) {
      self.layer = layer
      modeAndKind = UInt16(kind.rawValue) << 12 | mode & Self.modeMask
      (self.nanoseconds, self.seconds) = (nanoseconds, seconds)
      (self.user, self.group, self.links) = (user, group, links)
    }

    var kind: FileKind { FileKind(rawValue: UInt8(modeAndKind >> 12)) ?? .file }

    /// The permission bits, with set-id and sticky bits.
    var mode: UInt16 {
      get { modeAndKind & Self.modeMask }
      set { modeAndKind = modeAndKind & ~Self.modeMask | newValue & Self.modeMask }
    }
  }

  /// Properties that few files have.
  struct Extra: Sendable {
    var attributes: [ExtendedAttribute]
    var pieces: [SparsePiece]?
  }

  /// The most names of a tree.
  static let nodeLimit = 4_000_000
  /// The most memory that a tree needs, in bytes.
  static let sizeLimit = 512 << 20
  /// The memory of an attribute beside its name and value, in bytes: two arrays, and their places.
  private static let attributeOverhead = 160

  private(set) var nodes: [Node]
  var inodes: [Inode]
  var extras: [Extra] = []
  /// Names and targets of links.
  var bytes: [UInt8] = []
  private var table = NameTable()
  private var freeInodes: [Int32] = []
  /// The number of the layer that is applied.
  var current: UInt16 = 0
  /// Directories from which all of lower layers was removed by the current one.
  var purged: Set<Int32> = []
  /// The directory of the current layer's own tree that was used last: most entries have that of the one before.
  var lastDirectory: (path: [UInt8], node: Int32)?
  /// The memory of the extended attributes and the pieces of files, in bytes.
  private var extraSize = 0
  private let nodeLimit: Int
  private let sizeLimit: Int

  /// The memory that the tree needs, in bytes.
  var memorySize: Int {
    nodes.count * (MemoryLayout<Node>.stride + NameTable.nodeSize) + inodes.count * MemoryLayout<Inode>.stride
      + bytes.count + extraSize
  }

  /// Whether whiteouts are files, as in the archive of a layer, and remove nothing.
  let keepsWhiteouts: Bool

  /// A tree of only the root directory.
  ///
  /// - Parameter nodeLimit: the most names.
  /// - Parameter sizeLimit: the most memory, in bytes; the last entry can exceed it.
  init(
    keepingWhiteouts: Bool = false, nodeLimit: Int = FileTree.nodeLimit, sizeLimit: Int = FileTree.sizeLimit
  ) {
    keepsWhiteouts = keepingWhiteouts
    self.nodeLimit = nodeLimit
    self.sizeLimit = sizeLimit
    nodes = [Node(parent: 0, nameStart: 0, nameLength: 0, layer: 0, stamp: 0, inode: 0)]
    inodes = [Inode(kind: .directory, layer: 0, mode: 0o755, links: 1)]
  }

  /// The file of a node that is not removed.
  func inode(of node: Int32) -> Inode { inodes[Int(nodes[Int(node)].inode)] }

  /// The name of a node.
  func name(of node: Int32) -> ArraySlice<UInt8> {
    let start = Int(nodes[Int(node)].nameStart)
    return bytes[start..<start + Int(nodes[Int(node)].nameLength)]
  }

  func isOwn(_ node: Int32) -> Bool { nodes[Int(node)].stamp == current }

  /// The place of a name in a directory, where it is or can be added.
  struct NamePlace {
    /// The node of the name, also a removed one; `nil` if there was none.
    var node: Int32?
    fileprivate var hash: UInt32
  }

  func place(of name: ArraySlice<UInt8>, in parent: Int32) -> NamePlace {
    let hash = Self.hash(parent, name)
    let node = table.find(hash) { nodes[Int($0)].parent == parent && self.name(of: $0) == name }
    return NamePlace(node: node, hash: hash)
  }

  /// The node of a name in a directory; `nil` if there is none.
  func child(_ name: ArraySlice<UInt8>, of parent: Int32) -> Int32? {
    guard let node = place(of: name, in: parent).node, nodes[Int(node)].inode >= 0 else { return nil }
    return node
  }

  /// The nodes in a directory, in no order.
  func children(of node: Int32) -> [Int32] {
    var found: [Int32] = []
    var next = nodes[Int(node)].firstChild
    while next >= 0 {
      if nodes[Int(next)].inode >= 0 { found.append(next) }
      next = nodes[Int(next)].nextSibling
    }
    return found
  }

  /// Adds a name, which must not exist, for a file.
  ///
  /// - Parameter place: that of the name now.
  @discardableResult
  mutating func add(
    _ name: ArraySlice<UInt8>, to parent: Int32, at place: NamePlace, _ inode: Int32
  ) throws(DecodingError) -> Int32 {
    inodes[Int(inode)].links += 1
    if let node = place.node {
      nodes[Int(node)].inode = inode
      touch(node)
      return node
    }
    guard nodes.count < nodeLimit, bytes.count + name.count < Int(UInt32.max) else {
      throw DecodingError("too many files: \(nodes.count)")
    }
    let node = Int32(nodes.count)
    nodes.append(
      Node(
        parent: parent, nameStart: UInt32(bytes.count), nameLength: UInt16(name.count), layer: current, stamp: current,
        inode: inode, nextSibling: nodes[Int(parent)].firstChild))
    bytes.append(contentsOf: name)
    nodes[Int(parent)].firstChild = node
    table.insert(node, place.hash)
    return node
  }

  /// Makes room for the entries of the lowest layer, so that the arrays do not grow step by step.
  mutating func reserve(entries count: Int) {
    guard nodes.count == 1 else { return }
    let count = min(count, nodeLimit) + 1
    nodes.reserveCapacity(count)
    inodes.reserveCapacity(count)
    table.reserve(count)
  }

  /// Counts properties that the next entry adds.
  ///
  /// - Throws: if the tree needs too much memory.
  mutating func reserve(for entry: LayerEntry) throws(DecodingError) {
    for attribute in entry.attributes {
      extraSize += attribute.name.count + attribute.value.count + Self.attributeOverhead
    }
    extraSize += (entry.pieces?.count ?? 0) * MemoryLayout<SparsePiece>.stride
    guard memorySize <= sizeLimit else {
      throw DecodingError("files of the image need over \(sizeLimit) bytes of memory")
    }
  }

  /// Marks a node as an entry of the current layer.
  mutating func touch(_ node: Int32) {
    nodes[Int(node)].layer = current
    nodes[Int(node)].stamp = current
  }

  /// Marks a node as one of the current layer's own tree, whose metadata remain.
  mutating func imply(_ node: Int32) {
    nodes[Int(node)].stamp = current
  }

  /// Adds a file without names.
  mutating func add(_ inode: Inode) -> Int32 {
    if let free = freeInodes.popLast() {
      inodes[Int(free)] = inode
      return free
    }
    inodes.append(inode)
    return Int32(inodes.count - 1)
  }

  /// Removes a name, and all below it.
  mutating func remove(_ node: Int32) {
    lastDirectory = nil
    var waiting = [nodes[Int(node)].firstChild]
    while let first = waiting.popLast() {
      var next = first
      while next >= 0 {
        table.remove(next, Self.hash(nodes[Int(next)].parent, name(of: next)))
        unlink(next)
        waiting.append(nodes[Int(next)].firstChild)
        next = nodes[Int(next)].nextSibling
      }
    }
    nodes[Int(node)].firstChild = -1
    purged.remove(node)
    unlink(node)
  }

  private mutating func unlink(_ node: Int32) {
    let inode = nodes[Int(node)].inode
    guard inode >= 0 else { return }
    nodes[Int(node)].inode = -1
    inodes[Int(inode)].links -= 1
    if inodes[Int(inode)].links == 0 { freeInodes.append(inode) }
  }

  /// Frees the memory that growing arrays have in reserve, when the tree is complete.
  mutating func compact() {
    func exact<Element>(_ array: [Element]) -> [Element] {
      guard array.capacity - array.count > array.count / 8 else { return array }
      var copy: [Element] = []
      copy.reserveCapacity(array.count)
      copy += array
      return copy
    }
    nodes = exact(nodes)
    inodes = exact(inodes)
    bytes = exact(bytes)
    freeInodes = []
    purged = []
    lastDirectory = nil
  }

  /// FNV-1a, with the bits mixed so that the low ones depend on all.
  private static func hash(_ parent: Int32, _ name: ArraySlice<UInt8>) -> UInt32 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325 ^ UInt64(UInt32(bitPattern: parent)) &* 0x9E37_79B9_7F4A_7C15
    for byte in name { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return UInt32(truncatingIfNeeded: hash ^ hash >> 29)
  }
}
