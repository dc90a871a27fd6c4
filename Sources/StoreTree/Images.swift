internal import CAS
internal import OCI
internal import Platform
internal import SystemPackage

/// `images` or a directory below it: an image for each reference whose name begins with its path, and, at the top,
/// one for each entry of the index without a name.
final class ImagesDirectory: Node {
  private let shared: TreeShared
  private let path: [FileName]
  let inode: UInt64

  init(_ shared: TreeShared, path: [FileName]) {
    self.shared = shared
    self.path = path
    inode = Self.inode(path)
  }

  static func inode(_ path: [FileName]) -> UInt64 {
    path.isEmpty ? Inode.images : Inode.reference("images/" + path.map(\.text).joined(separator: "/"))
  }

  var preferredID: NodeID { NodeID(inode) }
  var parentInode: UInt64 { path.isEmpty ? Inode.root : Self.inode(Array(path.dropLast())) }
  var kind: NodeKind { .directory }
  var nameValidity: Double { path.isEmpty ? Validity.lasting : Validity.brief }

  func isSame(as other: any Node) -> Bool { (other as? ImagesDirectory)?.path == path }

  func attributes(_ context: RequestContext) throws(Errno) -> Attributes {
    shared.attributes(
      inode: inode, kind: .directory, permissions: 0o755, size: 0,
      modified: try shared.references.modified(shared, context),
      validity: Validity.brief)
  }

  func child(named name: String, _ context: RequestContext) throws(Errno) -> any Node {
    let path = path + [FileName(name)]
    switch try shared.references.place(path, shared, context) {
    case .directory: return ImagesDirectory(shared, path: path)
    case .reference(let reference):
      let (descriptor, _) = try shared.references.descriptor(of: reference, shared, context)
      return ImageDirectory(shared, path: path, descriptor)
    case nil, .unwritten:
      guard self.path.isEmpty, let descriptor = try shared.references.unnamed(shared, context)[FileName(name)] else {
        throw .noSuchFileOrDirectory
      }
      return ImageDirectory(shared, path: path, descriptor)
    }
  }

  func entries(_ context: RequestContext) throws(Errno) -> any EntryStream {
    var names = try shared.references.children(of: path, withUnwritten: false, shared, context)
    if path.isEmpty { names += try shared.references.unnamed(shared, context).keys }
    return EntryList(
      names.map { DirectoryEntry(name: $0.text, inode: Self.inode(path + [$0]), kind: .directory) })
  }
}

/// An image by its parts, as links to blobs: `manifest`, `config` and `layers/00`, `layers/01` …; of an image index
/// `index`, and a directory for each platform.
///
/// Blobs that are not stored are links to nowhere. What is no manifest is an empty directory that says why in an
/// extended attribute.
final class ImageDirectory: Node {
  private let shared: TreeShared
  private let path: [FileName]
  private let descriptor: Descriptor
  /// The entries of an index by their names, once one was looked up.
  private let knownPlatforms = Monitor<[FileName: Descriptor]?>(nil)
  let inode: UInt64

  static let errorAttribute = "user.casfs.error"

  init(_ shared: TreeShared, path: [FileName], _ descriptor: Descriptor) {
    self.shared = shared
    self.path = path
    self.descriptor = descriptor
    inode = ImagesDirectory.inode(path)
  }

  var preferredID: NodeID { NodeID(inode) }
  var parentInode: UInt64 { ImagesDirectory.inode(Array(path.dropLast())) }
  var kind: NodeKind { .directory }
  var nameValidity: Double { Validity.brief }

  func isSame(as other: any Node) -> Bool {
    guard let other = other as? ImageDirectory else { return false }
    return path == other.path && descriptor == other.descriptor
  }

  func attributes(_ context: RequestContext) throws(Errno) -> Attributes {
    shared.attributes(
      inode: inode, kind: .directory, permissions: 0o755, size: 0, modified: shared.started, validity: Validity.brief)
  }

  func child(named name: String, _ context: RequestContext) throws(Errno) -> any Node {
    guard case .success(let manifest) = try manifest(context) else { throw .noSuchFileOrDirectory }
    if manifest.kind == .index, let platform = platform(FileName(name), of: manifest) {
      return ImageDirectory(shared, path: path + [FileName(name)], platform)
    }
    guard let child = parts(of: manifest).first(where: { $0.name.sameBytes(as: name) }) else {
      throw .noSuchFileOrDirectory
    }
    return child.node
  }

  func entries(_ context: RequestContext) throws(Errno) -> any EntryStream {
    guard case .success(let manifest) = try manifest(context) else { return EntryList([]) }
    let parts = parts(of: manifest).map { DirectoryEntry(name: $0.name, inode: $0.node.inode, kind: $0.node.kind) }
    let platforms = Self.platforms(of: manifest).map { (name, _) in
      DirectoryEntry(name: name.text, inode: ImagesDirectory.inode(path + [name]), kind: .directory)
    }
    return EntryList(parts + platforms)
  }

  /// What every image or index has.
  private func parts(of manifest: Manifest) -> [(name: String, node: any Node)] {
    switch manifest.kind {
    case .image:
      var parts: [(String, any Node)] = [("manifest", link("manifest", to: descriptor))]
      if let config = manifest.config { parts.append(("config", link("config", to: config))) }
      parts.append(("layers", LayersDirectory(shared, path: path + [FileName("layers")], manifest.layers)))
      return parts
    case .index: return [("index", link("index", to: descriptor))]
    }
  }

  /// The image for one platform of an index.
  private func platform(_ name: FileName, of manifest: Manifest) -> Descriptor? {
    knownPlatforms.withLock { (known) in
      // Content does not change, and of thousands each is looked up.
      let platforms = known ?? Dictionary(Self.platforms(of: manifest)) { (first, _) in first }
      known = platforms
      return platforms[name]
    }
  }

  private static func platforms(of manifest: Manifest) -> [(FileName, Descriptor)] {
    guard manifest.kind == .index else { return [] }
    var platforms: [(FileName, Descriptor)] = []
    var names: Set<FileName> = [FileName("index")]
    for entry in manifest.manifests {
      // Two of one platform, and those of none, are told apart by their digests.
      let plain = entry.platformName.map(ReferenceView.escaped) ?? ""
      let isTaken = plain.isEmpty || names.contains(FileName(plain))
      let name = FileName(isTaken ? "\(plain)@\(entry.digest)" : plain)
      guard names.insert(name).inserted, name.text.utf8.count <= FileName.maximumLength else { continue }
      platforms.append((name, entry))
    }
    return platforms
  }

  private func link(_ name: String, to target: Descriptor) -> BlobLink {
    BlobLink(shared, path: path + [FileName(name)], target.digest)
  }

  /// The manifest, or why the blob is none.
  private func manifest(_ context: RequestContext) throws(Errno) -> Result<Manifest, InvalidValue> {
    if let known = shared.manifests.manifest(descriptor) { return known }
    context.willBlock()
    let content: [UInt8]
    do throws(CASError) {
      content = try shared.engine.blobContents(
        descriptor.digest, limit: Manifest.maximumSize, cancellation: context.cancellation)
    } catch {
      // What can be put right later is not remembered.
      return .failure(InvalidValue(error.cause))
    }
    let manifest = Result { () throws(InvalidValue) in
      try Manifest(parsing: content, mediaType: descriptor.mediaType)
    }
    shared.manifests.remember(manifest, of: descriptor)
    return manifest
  }

  func attribute(_ name: String, _ context: RequestContext) throws(Errno) -> [UInt8] {
    guard name.sameBytes(as: Self.errorAttribute), case .failure(let reason) = try manifest(context) else {
      throw .noData
    }
    return Array(reason.description.utf8)
  }

  func attributeNames(_ context: RequestContext) throws(Errno) -> [String] {
    guard case .failure = try manifest(context) else { return [] }
    return [Self.errorAttribute]
  }
}

/// `layers`: an image's layers, numbered from the lowest.
final class LayersDirectory: Node {
  private let shared: TreeShared
  private let path: [FileName]
  private let layers: [Descriptor]
  let inode: UInt64

  init(_ shared: TreeShared, path: [FileName], _ layers: [Descriptor]) {
    self.shared = shared
    self.path = path
    self.layers = layers
    inode = ImagesDirectory.inode(path)
  }

  var preferredID: NodeID { NodeID(inode) }
  var parentInode: UInt64 { ImagesDirectory.inode(Array(path.dropLast())) }
  var kind: NodeKind { .directory }
  var nameValidity: Double { Validity.brief }

  func isSame(as other: any Node) -> Bool {
    guard let other = other as? LayersDirectory else { return false }
    return path == other.path && layers == other.layers
  }

  func attributes(_ context: RequestContext) throws(Errno) -> Attributes {
    shared.attributes(
      inode: inode, kind: .directory, permissions: 0o755, size: 0, modified: shared.started, validity: Validity.brief)
  }

  func child(named name: String, _ context: RequestContext) throws(Errno) -> any Node {
    guard let index = Int(name), layers.indices.contains(index), self.name(index).sameBytes(as: name) else {
      throw .noSuchFileOrDirectory
    }
    return link(index)
  }

  func entries(_ context: RequestContext) throws(Errno) -> any EntryStream {
    EntryList(layers.indices.map { DirectoryEntry(name: name($0), inode: link($0).inode, kind: .link) })
  }

  private func link(_ index: Int) -> BlobLink {
    BlobLink(shared, path: path + [FileName(name(index))], layers[index].digest)
  }

  /// As many digits as the last one needs, but two at least, so that `ls` has them in order.
  private func name(_ index: Int) -> String {
    let width = max(2, String(layers.count - 1).utf8.count)
    let digits = String(index)
    return String(repeating: "0", count: width - digits.utf8.count) + digits
  }
}

/// A link from a part of an image to its blob.
final class BlobLink: Node {
  private let shared: TreeShared
  private let target: String
  let inode: UInt64

  init(_ shared: TreeShared, path: [FileName], _ digest: Digest) {
    self.shared = shared
    let up = String(repeating: "../", count: path.count)
    target = "\(up)blobs/\(digest.algorithm.rawValue)/\(digest.hex)"
    inode = ImagesDirectory.inode(path)
  }

  var preferredID: NodeID { NodeID(inode) }
  var kind: NodeKind { .link }
  var nameValidity: Double { Validity.brief }

  func isSame(as other: any Node) -> Bool {
    guard let other = other as? BlobLink else { return false }
    return inode == other.inode && target.sameBytes(as: other.target)
  }

  func attributes(_ context: RequestContext) throws(Errno) -> Attributes {
    shared.attributes(
      inode: inode, kind: .link, permissions: 0o777, size: Int64(target.utf8.count), modified: shared.started,
      validity: Validity.brief)
  }

  func linkTarget() throws(Errno) -> String { try SymbolicLink.checked(target) }
}
