import CAS
import CASImage
import CASPlatform
import SystemPackage

/// A file of an image, or a directory other than the root. The names of a hard link are one node, also where another
/// reference stands for the same image.
///
/// The kernel can remember millions of files, so ``NodeTable`` has the parts of a node, and makes one for each request.
final class ImageFileNode: Node {
  let opened: OpenImageFileSystem
  let file: ImageFile
  private var fileSystem: ImageFileSystem { opened.fileSystem }

  init(_ opened: OpenImageFileSystem, _ file: ImageFile) {
    self.opened = opened
    self.file = file
  }

  var preferredID: NodeID { NodeID(inode) }
  var inode: UInt64 { fileSystem.inode(of: file) }
  var kind: NodeKind { file.kind.node }
  // The content of a manifest does not change.
  var entryTimeout: Duration { CacheTimeout.lasting }
  var parentInode: UInt64 { fileSystem.inode(of: file.parent) }
  var hasLastingEntries: Bool { true }
  var supportsReaddirplus: Bool { true }

  func isSame(as other: any Node) -> Bool {
    guard let other = other as? ImageFileNode, file.fileNumber == other.file.fileNumber else { return false }
    // The kernel has a directory at one place only.
    return file.kind == .directory
      ? fileSystem.isSame(as: other.fileSystem) : fileSystem.hasSameContent(as: other.fileSystem)
  }

  func attributes(_ context: RequestContext) throws(Errno) -> Attributes {
    fileSystem.attributes(of: file, attributeTimeout: CacheTimeout.lasting)
  }

  func child(named name: String, _ context: RequestContext) throws(Errno) -> any Node {
    guard file.kind == .directory else { throw .notDirectory }
    return try fileSystem.child(named: name, of: file)
  }

  func entries(_ context: RequestContext) throws(Errno) -> any EntryStream {
    guard file.kind == .directory else { throw .notDirectory }
    return ImageEntryStream(fileSystem, file)
  }

  func open(_ request: OpenRequest, _ context: RequestContext) throws(Errno) -> any FileHandle {
    let handle = try handle
    if request.isChanging { throw .readOnlyFileSystem }
    fileSystem.shared.counters.add(.opens)
    return handle
  }

  /// The content of a regular file.
  var handle: ImageFileHandle {
    get throws(Errno) {
      switch file.kind {
      case .file: return ImageFileHandle(fileSystem.shared, file)
      case .directory: throw .isDirectory
      case .symbolicLink: throw .tooManySymbolicLinkLevels
      // The kernel opens these itself.
      case .characterDevice, .blockDevice, .fifo: throw .noSuchAddressOrDevice
      }
    }
  }

  func linkTarget() throws(Errno) -> String {
    guard file.kind == .symbolicLink else { throw .invalidArgument }
    return NameText.text(ofAny: file.target)
  }

  func extendedAttribute(_ name: String, _ context: RequestContext) throws(Errno) -> [UInt8] {
    try fileSystem.extendedAttribute(name, of: file)
  }

  func extendedAttributeNames(_ context: RequestContext) throws(Errno) -> [String] {
    fileSystem.extendedAttributeNames(of: file)
  }
}

/// An open file of an image.
final class ImageFileHandle: FileHandle {
  private let shared: TreeContext
  private let file: ImageFile
  private var image: Image { file.image }

  init(_ shared: TreeContext, _ file: ImageFile) {
    self.shared = shared
    self.file = file
  }

  var cachePolicy: CachePolicy { .keepCache }

  func read(at offset: Int64, count: Int, _ context: RequestContext) throws(Errno) -> ReadResult {
    guard offset < file.size else { return .bytes([]) }
    if !image.isInMemory(file, at: offset, count: count) { context.willBlock() }
    let count = Int(min(Int64(count), file.size - offset))
    // With verification at every open, each read compares what it returns.
    if shared.options.cachesBlobs,
      let region = try shared.imageFiles.map(
        try image.region(of: file, at: offset, count: count, cancellation: context.cancellation))
    {
      return .file(region.file, offset: region.offset, count: count)
    }
    return try shared.imageFiles.map(
      try .bytes(
        bytes(count: count) { (span) throws(CASError) in
          try image.read(file, into: &span, at: offset, cancellation: context.cancellation)
        }))
  }

  func offset(of target: SeekTarget, from start: Int64, _ context: RequestContext) throws(Errno) -> Int64 {
    let solid = try target.offset(from: start, inSolid: file.size)
    guard let data = file.data else { return solid }
    let next = data.first { $0.upperBound > start }
    switch target {
    case .data:
      guard let next else { throw .noSuchAddressOrDevice }
      return max(start, next.lowerBound)
    case .hole:
      var end = start
      for piece in data where piece.lowerBound <= end && piece.upperBound > end { end = piece.upperBound }
      return end
    }
  }
}
