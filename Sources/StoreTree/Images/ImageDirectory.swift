import CAS
import CASPlatform
import OCI
import SystemPackage

/// The directory of an image: links to blobs, named `manifest`, `config`, `layers/00`, `layers/01` …, and in `files` by
/// the names that the layers have; or of an image index: a link `index`, and a directory for each platform.
///
/// A link to a blob that is not stored is dangling. A manifest that is malformed or cannot be read is an empty directory
/// with the reason in an extended attribute.
final class ImageDirectory: ImagePart {
  let shared: TreeContext
  let path: [FileName]
  private let descriptor: Descriptor
  private let lineage: ImageLineage
  /// The entries of an index by name, from the first lookup on.
  private let knownPlatforms = Monitor<[FileName: Descriptor]?>(nil)
  let inode: UInt64

  static let errorAttribute = "user.casfs.error"
  private static let typeAttribute = "user.casfs.artifact_type"

  init(
    _ shared: TreeContext, path: [FileName], _ descriptor: Descriptor, _ lineage: ImageLineage = ImageLineage()
  ) {
    self.lineage = lineage.inside(descriptor.digest)
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
      return try ImageEntry(shared, path: path + [FileName(name)], platform, lineage).node(context)
    }
    guard let child = try parts(of: manifest, context).first(where: { $0.name.sameBytes(as: name) }) else {
      throw .noSuchFileOrDirectory
    }
    return child.node
  }

  func entries(_ context: RequestContext) throws(Errno) -> any EntryStream {
    guard case .success(let manifest) = try manifest(context) else { return EntryList([]) }
    var entries = try parts(of: manifest, context).map {
      DirectoryEntry(name: $0.name, inode: $0.node.inode, kind: $0.node.kind)
    }
    for (name, platform) in Self.platforms(of: manifest) {
      let node = try ImageEntry(shared, path: path + [name], platform, lineage).node(context)
      entries.append(DirectoryEntry(name: name.text, inode: node.inode, kind: node.kind))
    }
    return EntryList(entries)
  }

  /// The entries besides platforms. None of them is made before its use.
  private func parts(
    of manifest: Manifest, _ context: RequestContext
  ) throws(Errno) -> [(name: String, node: any Node)] {
    var parts: [(String, any Node)] = []
    switch manifest.kind {
    case .image:
      parts.append(("manifest", try part("manifest", descriptor, context)))
      if let config = manifest.config { parts.append(("config", try part("config", config, context))) }
      parts.append(("layers", LayersDirectory(shared, path: path + [FileName("layers")], manifest.layers)))
      parts.append(("files", FilesDirectory(shared, path: path + [FileName("files")], descriptor, manifest)))
      if ImageFileSystem.isShown(of: manifest) {
        let (rootfs, diffs) = (path + [FileName("rootfs")], path + [FileName("diffs")])
        parts.append(("rootfs", ImageRootDirectory(ImageFileSystem(shared, path: rootfs, descriptor))))
        parts.append(("diffs", DiffsDirectory(shared, path: diffs, descriptor, manifest)))
      }
    case .index:
      parts.append(("index", try part("index", descriptor, context)))
    }
    if lineage.hasReferrers {
      let path = path + [FileName("referrers")]
      parts.append(("referrers", ReferrersDirectory(shared, path: path, of: descriptor.digest, lineage)))
    }
    return parts
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
    var names: Set<FileName> = [FileName("index"), FileName("referrers")]
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

  private func part(_ name: String, _ target: Descriptor, _ context: RequestContext) throws(Errno) -> any Node {
    try ImageEntry(shared, path: path + [FileName(name)], target).part(context)
  }

  /// Whether the content was read and is not a manifest, or is too long for one.
  func isKnownNotToBeManifest(_ context: RequestContext) -> Bool {
    guard case .failure? = try? manifest(context) else { return false }
    if shared.manifests.manifest(descriptor) != nil { return true }
    return ((try? shared.engine.blobInfo(descriptor.digest))?.size ?? 0) > Manifest.maximumSize
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
      guard error.code == .notFound, let embedded = embedded() else {
        // A missing or corrupt blob can be put later, so this failure is not cached.
        return .failure(InvalidValue(error.cause))
      }
      do throws(InvalidValue) {
        content = try embedded.get()
      } catch {
        return .failure(error)
      }
    }
    let manifest = Result { () throws(InvalidValue) in
      try Manifest(parsing: content, mediaType: descriptor.mediaType)
    }
    shared.manifests.remember(manifest, of: descriptor)
    return manifest
  }

  /// The content that the descriptor embeds, or the reason why it is wrong; `nil` if it has none.
  private func embedded() -> Result<[UInt8], InvalidValue>? {
    do throws(InvalidValue) {
      return try descriptor.embeddedContent().map { .success($0) }
    } catch {
      return .failure(error)
    }
  }

  func extendedAttribute(_ name: String, _ context: RequestContext) throws(Errno) -> [UInt8] {
    switch name {
    case Self.errorAttribute:
      if case .failure(let reason) = try manifest(context) { return Array(reason.description.utf8) }
    case Self.typeAttribute:
      if case .success(let manifest) = try manifest(context), let type = manifest.artifactType {
        return Array(type.utf8)
      }
    default: break
    }
    throw AbsentAttribute.error(name)
  }

  func extendedAttributeNames(_ context: RequestContext) throws(Errno) -> [String] {
    guard case .failure = try manifest(context) else { return [] }
    return [Self.errorAttribute]
  }
}
