import CAS
import CASPlatform
import OCI
import SystemPackage

/// An image by its parts, as links to blobs: `manifest`, `config` and `layers/00`, `layers/01` …; of an image index
/// `index`, and a directory for each platform.
///
/// Blobs that are not stored are links to nowhere. What is no manifest is an empty directory that says why in an
/// extended attribute.
final class ImageDirectory: ImagePart {
  let tree: TreeContext
  let path: [FileName]
  private let descriptor: Descriptor
  /// The entries of an index by their names, once one was looked up.
  private let knownPlatforms = Monitor<[FileName: Descriptor]?>(nil)
  let inode: UInt64

  static let errorAttribute = "user.casfs.error"

  init(_ tree: TreeContext, path: [FileName], _ descriptor: Descriptor) {
    self.tree = tree
    self.path = path
    self.descriptor = descriptor
    inode = ImagesDirectory.inode(path)
  }

  func isSame(as other: any Node) -> Bool {
    guard let other = other as? ImageDirectory else { return false }
    return path == other.path && descriptor == other.descriptor
  }

  func child(named name: String, _ context: RequestContext) throws(Errno) -> any Node {
    guard case .success(let manifest) = try manifest(context) else { throw .noSuchFileOrDirectory }
    if manifest.kind == .index, let platform = platform(FileName(name), of: manifest) {
      return ImageDirectory(tree, path: path + [FileName(name)], platform)
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
      parts.append(("layers", LayersDirectory(tree, path: path + [FileName("layers")], manifest.layers)))
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
    BlobLink(tree, path: path + [FileName(name)], target.digest)
  }

  /// The manifest, or why the blob is none.
  private func manifest(_ context: RequestContext) throws(Errno) -> Result<Manifest, InvalidValue> {
    if let known = tree.manifests.manifest(descriptor) { return known }
    context.willBlock()
    let content: [UInt8]
    do throws(CASError) {
      content = try tree.engine.blobContents(
        descriptor.digest, limit: Manifest.maximumSize, cancellation: context.cancellation)
    } catch {
      // What can be put right later is not remembered.
      return .failure(InvalidValue(error.cause))
    }
    let manifest = Result { () throws(InvalidValue) in
      try Manifest(parsing: content, mediaType: descriptor.mediaType)
    }
    tree.manifests.remember(manifest, of: descriptor)
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
