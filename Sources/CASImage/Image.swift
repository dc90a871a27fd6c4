public import CAS
import CASCompression
import CASPlatform
public import OCI
import SystemPackage

/// The file system of an image: what its layers show together (image-spec, `layer.md`), read from the layers where they
/// lie.
///
/// Every name and byte of it was compared with two digests before: that of the layer's blob, and the `diff_id` of the
/// image's configuration.
public final class Image: Sendable {
  /// The descriptor of the image's manifest.
  public let manifest: Descriptor
  let tree: FileTree
  private let layers: [LayerContent]
  private let attributeNames: Set<[UInt8]>

  /// Opens an image, and reads its layers once, unless the cache has their indexes.
  ///
  /// - Parameter descriptor: that of a manifest or an index.
  /// - Parameter platform: selects the image of an index; `nil` is Linux on this machine's processor.
  /// - Parameter cache: keeps what was learned of the layers.
  /// - Parameter progress: called with the number of bytes of layers that are done, and that of all.
  /// - Throws: `CASError.Code.invalid` if the image has no file system, or a layer is malformed;
  ///   `CASError.Code.corrupt` if a layer has another digest than stated;
  ///   `CASError.Code.notFound` if a part of it is not stored.
  public convenience init(
    _ descriptor: Descriptor, in engine: any Engine, platform: Platform? = nil, cache: LayerCache? = nil,
    cancellation: CancellationToken = .none, progress: (Int64, Int64) throws(CASError) -> Void = { _, _ in }
  ) throws(CASError) {
    let plan = try ImagePlan(descriptor, in: engine, platform: platform, cancellation: cancellation)
    try self.init(plan, LayerCatalog(cache), progress)
  }

  /// Returns the manifest of an image for a platform.
  ///
  /// - Parameter descriptor: that of a manifest or an index.
  /// - Parameter platform: selects the image of an index; `nil` is Linux on this machine's processor.
  /// - Throws: as ``init(_:in:platform:cache:cancellation:progress:)``, but for errors of layers.
  public static func manifest(
    of descriptor: Descriptor, in engine: any Engine, platform: Platform? = nil
  ) throws(CASError) -> Descriptor {
    try ImagePlan(descriptor, in: engine, platform: platform, cancellation: .none).manifest
  }

  /// Opens the image of a plan.
  ///
  /// - Parameter progress: called with the number of bytes of layers that are done, and that of all.
  init(
    _ plan: ImagePlan, _ catalog: LayerCatalog, _ progress: (Int64, Int64) throws(CASError) -> Void
  ) throws(CASError) {
    manifest = plan.manifest
    let total = plan.layers.reduce(0) { $0 &+ $1.descriptor.size }
    var tree = FileTree(keepingWhiteouts: plan.isOneLayer)
    var layers: [LayerContent] = []
    var done: Int64 = 0
    func report(_ count: Int64) throws(CASError) { try progress(done &+ count, total) }
    for scan in plan.layers {
      var layer = try catalog.layer(scan, report)
      do throws(CASError) {
        try tree.apply(layer.index, of: scan, layer: layers.count)
      } catch {
        guard layer.isFromCache, error.code == .invalid || error.code == .corrupt else { throw error }
        let refused = layer.index
        layer = try catalog.layer(scan, replacing: (layer, error), report)
        if layer.index.hasContent(of: refused) { throw error }
        // Some of the refused entries are in the tree.
        tree = FileTree(keepingWhiteouts: plan.isOneLayer)
        for (number, (layer, scan)) in zip(layers + [layer], plan.layers).enumerated() {
          try tree.apply(layer.index, of: scan, layer: number)
        }
      }
      layers.append(layer)
      done &+= scan.descriptor.size
    }
    tree.compact()
    attributeNames = Set(tree.extras.lazy.flatMap { $0.attributes.map(\.name) })
    self.tree = tree
    self.layers = layers
  }

  /// The number of pieces of layers that were decoded, for tests.
  package var decodedPieceCount: Int { layers.reduce(0) { $0 + $1.decodedPieceCount } }

  /// The memory that the names and the indexes of the layers need, in bytes.
  package var memorySize: Int { layers.reduce(tree.memorySize) { $0 + $1.memorySize } }

  /// The number of layers.
  package var layerCount: Int { layers.count }

  /// The number of files and directories.
  package var fileCount: Int { tree.nodes.count }

  /// Whether a file of the image has an extended attribute of a name.
  package func hasAttribute(named name: [UInt8]) -> Bool { attributeNames.contains(name) }

  /// The root directory.
  public var root: ImageFile { ImageFile(0, self) }

  /// Finds a file by its path from the root. Symbolic links are followed within the root, except for the last part.
  ///
  /// - Returns: `nil` if there is none.
  public func file(at path: [UInt8]) -> ImageFile? {
    guard let node = try? tree.find(path) else { return nil }
    return ImageFile(node, self)
  }

  /// Finds a file in a directory by its name.
  ///
  /// - Returns: `nil` if there is none.
  public func child(named name: [UInt8], of directory: ImageFile) -> ImageFile? {
    tree.child(name[...], of: directory.node).map { ImageFile($0, self) }
  }

  /// Returns the files in a directory, sorted by the bytes of their names.
  public func children(of file: ImageFile) -> [ImageFile] {
    guard file.kind == .directory else { return [] }
    return tree.children(of: file.node).sorted { tree.name(of: $0).lexicographicallyPrecedes(tree.name(of: $1)) }
      .map { ImageFile($0, self) }
  }

  /// Returns the files in a directory in the order of the layers, in which reading them decodes least.
  package func unsortedChildren(of directory: ImageFile) -> [ImageFile] {
    tree.children(of: directory.node).reversed().map { ImageFile($0, self) }
  }

  /// Whether a read needs nothing that is not in memory.
  package func isInMemory(_ file: ImageFile, at offset: Int64, count: Int) -> Bool {
    let inode = tree.inode(of: file.node)
    return inode.kind == .file && inode.extra < 0 && offset >= 0 && offset < inode.size
      && layers[Int(inode.layer)].isInMemory(min(count, Int(clamping: inode.size - offset)), at: inode.place + offset)
  }

  /// Finds the content of a regular file, from an offset, in a file of the store whose pieces were compared with their
  /// digests in its present state.
  ///
  /// - Returns: `nil` if ``read(_:into:at:cancellation:)`` must read it, as from a layer that is compressed.
  /// - Throws: `CASError.Code.cancelled`.
  package func region(
    of file: ImageFile, at offset: Int64, count: Int, cancellation: CancellationToken
  ) throws(CASError) -> BlobFile? {
    let inode = tree.inode(of: file.node)
    guard inode.kind == .file, offset >= 0, offset < inode.size, count > 0,
      inode.extra < 0 || tree.extras[Int(inode.extra)].pieces == nil
    else { return nil }
    let start = inode.place + offset
    return try layers[Int(inode.layer)].region(
      start..<start + min(Int64(count), inode.size - offset), readingOnTo: inode.place + inode.size,
      cancellation: cancellation)
  }

  /// Reads the content of a regular file from an offset, until the buffer is full or the content ends.
  ///
  /// - Returns: the number of bytes.
  /// - Throws: `CASError.Code.invalid` for another type of file, or a negative offset; errors of the
  ///   layer's blob.
  public func read(
    _ file: ImageFile, into buffer: inout MutableSpan<UInt8>, at offset: Int64,
    cancellation: CancellationToken = .none
  ) throws(CASError) -> Int {
    let inode = tree.inode(of: file.node)
    guard inode.kind == .file, offset >= 0 else {
      throw CASError(.invalid, operation: "read file", subject: file.name, cause: "not a place in a regular file")
    }
    let count = Int(max(0, min(Int64(buffer.count), inode.size - offset)))
    let layer = layers[Int(inode.layer)]
    guard inode.extra >= 0, let pieces = tree.extras[Int(inode.extra)].pieces else {
      var part = buffer._mutatingExtracting(first: count)
      try Self.fill(&part, from: layer, at: inode.place + offset, cancellation)
      return count
    }
    buffer.clear(0..<count)
    var place = inode.place
    for piece in pieces {
      let start = max(piece.offset, offset)
      let end = min(piece.offset + piece.length, offset + Int64(count))
      if start < end {
        var part = buffer._mutatingExtracting(Int(start - offset)..<Int(end - offset))
        try Self.fill(&part, from: layer, at: place + start - piece.offset, cancellation)
      }
      place += piece.length
    }
    return count
  }

  private static func fill(
    _ part: inout MutableSpan<UInt8>, from layer: LayerContent, at offset: Int64, _ cancellation: CancellationToken
  ) throws(CASError) {
    guard try layer.read(into: &part, at: offset, cancellation: cancellation) == part.count else {
      throw CASError(.io(.ioError), operation: "read file", subject: "layer", cause: "the layer ends early")
    }
  }
}
