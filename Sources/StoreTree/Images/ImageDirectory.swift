import CAS
import CASPlatform
import OCI
import SystemPackage

/// The directory of an image: links to blobs, named `manifest`, `config`, `layers/00`, `layers/01` …; or of an image
/// index: a link `index`, and a directory for each platform.
///
/// A link to a blob that is not stored is dangling. An entry that is not a manifest is an empty directory with the
/// reason in an extended attribute.
final class ImageDirectory: ImagePart {
  let shared: TreeContext
  let path: [FileName]
  private let descriptor: Descriptor
  /// The entries of an index by name, from the first lookup on.
  private let knownPlatforms = Monitor<[FileName: Descriptor]?>(nil)
  let inode: UInt64

  static let errorAttribute = "user.casfs.error"

  init(_ shared: TreeContext, path: [FileName], _ descriptor: Descriptor) {
    self.shared = shared
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

  /// The entries besides platforms.
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

  /// The descriptor of the image for one platform of an index.
  private func platform(_ name: FileName, of manifest: Manifest) -> Descriptor? {
    knownPlatforms.withLock { (known) in
      // Computed once: content does not change, and an index can have thousands of entries that are all looked up.
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
      // Entries with the same platform, or without one, are told apart by their digests.
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

  /// The manifest, or the reason why the blob is not one.
  private func manifest(_ context: RequestContext) throws(Errno) -> Result<Manifest, InvalidValue> {
    if let known = shared.manifests.manifest(descriptor) { return known }
    context.willBlock()
    let content: [UInt8]
    do throws(CASError) {
      content = try shared.engine.blobContents(
        descriptor.digest, limit: Manifest.maximumSize, cancellation: context.cancellation)
    } catch {
      // A missing or corrupt blob can be put later, so this failure is not cached.
      return .failure(InvalidValue(error.cause))
    }
    let manifest = Result { () throws(InvalidValue) in
      try Manifest(parsing: content, mediaType: descriptor.mediaType)
    }
    shared.manifests.remember(manifest, of: descriptor)
    return manifest
  }

  func extendedAttribute(_ name: String, _ context: RequestContext) throws(Errno) -> [UInt8] {
    guard name.sameBytes(as: Self.errorAttribute), case .failure(let reason) = try manifest(context) else {
      throw .noData
    }
    return Array(reason.description.utf8)
  }

  func extendedAttributeNames(_ context: RequestContext) throws(Errno) -> [String] {
    guard case .failure = try manifest(context) else { return [] }
    return [Self.errorAttribute]
  }
}
