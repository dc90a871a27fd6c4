import CAS
import CASImage
import CASPlatform
import OCI
import SystemPackage

/// The file system of an image, or of one of its layers, at a directory of the mount. The image is opened by the first use,
/// which reads its layers.
final class ImageFileSystem: Sendable {
  /// The media types of the configuration of images that have a file system.
  private static let configTypes = [
    MediaType.imageConfig, "application/vnd.docker.container.image.v1+json",
  ]
  private static let layerAttribute = "user.casfs.layer"

  let shared: TreeContext
  /// The path of its root directory below `images`; `nil` for the root of the mount.
  let path: [FileName]?
  let manifest: Descriptor
  /// The only layer that is shown; `nil` for the tree of all.
  let layer: Int?
  /// The name of that layer.
  private let layerName: FileName?
  /// The inode number of the root directory.
  let rootInode: UInt64
  private let known = Monitor(Known())

  private struct Known {
    /// The part that the nodes in the table share. They alone hold it, and by it the image.
    weak var value: OpenImageFileSystem?
  }

  /// - Parameter path: that of the root directory below `images`; `nil` for the root of the mount.
  init(_ shared: TreeContext, path: [FileName]?, _ manifest: Descriptor) {
    self.shared = shared
    self.path = path
    self.manifest = manifest
    layer = nil
    layerName = nil
    rootInode = path.map(ImagesDirectory.inode) ?? Inode.root
  }

  /// - Parameter path: that of the root directory below `images`, which is the name of the layer.
  init(_ shared: TreeContext, path: [FileName], _ manifest: Descriptor, layer: Int) {
    self.shared = shared
    self.path = path
    self.manifest = manifest
    self.layer = layer
    layerName = path.last
    rootInode = ImagesDirectory.inode(path)
  }

  /// Whether an image has a file system: the configuration of an artifact is of another type.
  static func isShown(of manifest: Manifest) -> Bool {
    guard let type = manifest.config?.mediaType else { return false }
    return configTypes.contains { type.sameBytes(as: $0) }
  }

  /// Whether this is the same content at the same place.
  func isSame(as other: ImageFileSystem) -> Bool { hasSameContent(as: other) && path == other.path }

  /// Whether this is the same content, perhaps at another place.
  func hasSameContent(as other: ImageFileSystem) -> Bool {
    manifest.digest == other.manifest.digest && layer == other.layer
  }

  private var key: ImageCatalog.Key { ImageCatalog.Key(manifest: manifest.digest, layer: layer) }

  /// The image, if it was opened.
  var opened: Image? { shared.imageFiles.catalog.opened(key) }

  /// The reason why the image could not be opened; `nil` if it was, or was not tried.
  var failure: String? { shared.imageFiles.catalog.failure(key)?.description }

  /// Opens the image, or waits until it is.
  ///
  /// - Throws: EINTR; EIO if a layer is damaged or missing, or the image has no file system.
  func open(_ context: RequestContext) throws(Errno) -> Image {
    if let opened { return opened }
    context.willBlock()
    return try shared.imageFiles.map(
      try shared.imageFiles.catalog.image(manifest, layer: layer, cancellation: context.cancellation))
  }

  // MARK: Files

  /// The node of a file other than the root.
  private func node(of file: ImageFile) -> any Node {
    let image = file.image
    let opened = known.withLock(notifying: .none) { (known) in
      if let opened = known.value, opened.image === image { return opened }
      let opened = OpenImageFileSystem(self, image)
      known.value = opened
      return opened
    }
    return ImageFileNode(opened, file)
  }

  /// The inode number of a file.
  func inode(of file: ImageFile) -> UInt64 {
    file.isRoot ? rootInode : Inode.imageFile(manifest.digest, layer: layer, number: file.fileNumber)
  }

  func child(named name: String, of directory: ImageFile) throws(Errno) -> any Node {
    guard let file = directory.image.child(named: NameText.bytes(of: name), of: directory) else {
      throw .noSuchFileOrDirectory
    }
    return node(of: file)
  }

  func attributes(of file: ImageFile, attributeTimeout: Duration) -> Attributes {
    Attributes(
      inode: inode(of: file), kind: file.kind.node, permissions: permissions(of: file), links: file.linkCount,
      user: file.user, group: file.group, size: file.kind == .directory ? 0 : file.size, device: file.device,
      allocatedSize: file.data?.reduce(0) { $0 + Int64($1.count) }, accessed: file.modified, modified: file.modified,
      changed: file.modified, attributeTimeout: attributeTimeout)
  }

  /// The mode. Where the kernel checks it for other users, it grants no more than the access control list of the file,
  /// which the kernel does not check.
  private func permissions(of file: ImageFile) -> UInt32 {
    let name = Array(AccessControlList.attribute.utf8)
    guard shared.options.allowsOthers, let value = file.attributes.first(where: { $0.name == name })?.value,
      let list = try? AccessControlList(value)
    else { return UInt32(file.mode) }
    return UInt32(file.mode) & (0o7000 | list.boundedMode)
  }

  // MARK: Extended attributes

  func extendedAttribute(_ name: String, of file: ImageFile) throws(Errno) -> [UInt8] {
    if name.sameBytes(as: Self.layerAttribute) {
      return Array((layerName?.text ?? LayerNumber.text(file.contentLayer, of: file.image.layerCount)).utf8)
    }
    let bytes = NameText.bytes(of: name)
    if let attribute = file.attributes.first(where: { $0.name == bytes }) { return attribute.value }
    // ls(1) asks for a label of each file unless one of them is EOPNOTSUPP.
    throw file.image.hasAttribute(named: bytes) ? .noData : AbsentAttribute.error(name)
  }

  func extendedAttributeNames(of file: ImageFile) -> [String] {
    file.attributes.map { NameText.text(ofAny: $0.name) }
  }
}

/// A file system of an image, and the image, which is held while this is.
final class OpenImageFileSystem: Sendable {
  let fileSystem: ImageFileSystem
  let image: Image

  init(_ fileSystem: ImageFileSystem, _ image: Image) {
    self.fileSystem = fileSystem
    self.image = image
  }
}

/// The files in a directory of an image.
final class ImageEntryStream: EntryStream {
  private let fileSystem: ImageFileSystem
  private var rest: ArraySlice<ImageFile>

  init(_ fileSystem: ImageFileSystem, _ directory: ImageFile) {
    self.fileSystem = fileSystem
    rest = directory.image.unsortedChildren(of: directory)[...]
  }

  func next() -> DirectoryEntry? {
    guard let file = rest.popFirst() else { return nil }
    return DirectoryEntry(
      name: NameText.text(ofAny: file.nameBytes), inode: fileSystem.inode(of: file), kind: file.kind.node)
  }
}

extension FileKind {
  /// The type of the node.
  var node: NodeKind {
    switch self {
    case .file: .file
    case .directory: .directory
    case .symbolicLink: .link
    case .characterDevice: .characterDevice
    case .blockDevice: .blockDevice
    case .fifo: .fifo
    }
  }
}
