import CAS
import CASPlatform
import OCI
import SystemPackage

/// The directory of an image: links to blobs, named `manifest`, `config`, `layers/00`, `layers/01` …, and in `files` by
/// the names that the layers have; or of an image index: a link `index`, and a directory for each platform.
///
/// A link to a blob that is not stored is dangling. A manifest that is malformed or cannot be read is an empty directory
/// with the reason in an extended attribute.
///
/// The kernel can remember many images, so a directory and its parts hold no manifest: they find it in the cache.
final class ImageDirectory: ImagePart {
  let shared: TreeContext
  let path: [FileName]
  /// The descriptor of the manifest or index, without a name.
  let descriptor: Descriptor
  /// The way to the directory.
  let outer: ImageLineage
  let inode: UInt64

  /// The lineage of what the manifest contains or is referred to by.
  var lineage: ImageLineage { outer.inside(self) }

  static let errorAttribute = "user.casfs.error"
  private static let typeAttribute = "user.casfs.artifact_type"

  init(
    _ shared: TreeContext, path: [FileName], _ descriptor: Descriptor, _ lineage: ImageLineage = ImageLineage()
  ) {
    self.shared = shared
    self.path = path
    self.descriptor = descriptor.named(nil).imageNamed(nil)
    outer = lineage
    inode = ImagesDirectory.inode(path)
  }

  func isSame(as other: any Node) -> Bool {
    guard let other = other as? ImageDirectory else { return false }
    return path == other.path && descriptor == other.descriptor
  }

  func child(named name: String, _ context: RequestContext) throws(Errno) -> any Node {
    guard let known = try known(context) else { throw .noSuchFileOrDirectory }
    if let platform = known.platforms[FileName(name)] {
      return try ImageEntry(shared, path: path + [FileName(name)], platform, lineage).node(context)
    }
    guard let child = try parts(of: known.manifest, context).first(where: { $0.name.sameBytes(as: name) }) else {
      throw .noSuchFileOrDirectory
    }
    return child.node
  }

  func entries(_ context: RequestContext) throws(Errno) -> any EntryStream {
    guard let known = try known(context) else { return EntryList([]) }
    var entries = try parts(of: known.manifest, context).map {
      DirectoryEntry(name: $0.name, inode: $0.node.inode, kind: $0.node.kind)
    }
    for (name, platform) in KnownManifest.platforms(of: known.manifest) {
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
      parts.append(("layers", LayersDirectory(self)))
      parts.append(("files", FilesDirectory(self)))
      if ImageFileSystem.isShown(of: manifest) {
        let rootfs = path + [FileName("rootfs")]
        parts.append(("rootfs", ImageRootDirectory(ImageFileSystem(shared, path: rootfs, descriptor))))
        parts.append(("diffs", DiffsDirectory(self)))
      }
    case .index:
      parts.append(("index", try part("index", descriptor, context)))
    }
    if outer.hasReferrers { parts.append(("referrers", ReferrersDirectory(self))) }
    return parts
  }

  private func part(_ name: String, _ target: Descriptor, _ context: RequestContext) throws(Errno) -> any Node {
    try ImageEntry(shared, path: path + [FileName(name)], target).part(context)
  }

  /// Whether the content was read and is not a manifest, or is too long for one.
  func isKnownNotToBeManifest(_ context: RequestContext) -> Bool {
    guard case .failure? = try? shared.manifest(of: descriptor, context) else { return false }
    if shared.manifests.manifest(descriptor) != nil { return true }
    return ((try? shared.engine.blobInfo(descriptor.digest))?.size ?? 0) > Manifest.maximumSize
  }

  /// The manifest; `nil` if the blob is not one.
  ///
  /// - Throws: ENOENT if there is neither a manifest nor a name that leads to it, as in the working directory of a process
  ///   after the image was removed.
  func known(_ context: RequestContext) throws(Errno) -> KnownManifest? {
    if case .success(let known) = try shared.manifest(of: descriptor, context) { return known }
    guard try isListed(context) else { throw .noSuchFileOrDirectory }
    return nil
  }

  /// Whether a name in `images` leads to this directory, or it is not known.
  private func isListed(_ context: RequestContext) throws(Errno) -> Bool {
    let top = outer.first ?? self
    let found: Descriptor?
    switch try shared.references.place(top.path, context) {
    case .directory: found = nil
    case .reference(let reference):
      guard case .success(let target) = try shared.references.descriptor(of: reference, context).0 else { return true }
      found = target
    case nil, .unwritten:
      found = try top.path.count == 1 ? shared.references.unnamed(context)[top.path[0]] : nil
    }
    return found?.digest == top.descriptor.digest
  }

  func extendedAttribute(_ name: String, _ context: RequestContext) throws(Errno) -> [UInt8] {
    switch name {
    case Self.errorAttribute:
      if case .failure(let reason) = try shared.manifest(of: descriptor, context) {
        return Array(reason.description.utf8)
      }
    case Self.typeAttribute:
      if let type = try known(context)?.manifest.artifactType { return Array(type.utf8) }
    default: break
    }
    throw AbsentAttribute.error(name)
  }

  func extendedAttributeNames(_ context: RequestContext) throws(Errno) -> [String] {
    guard try known(context) == nil else { return [] }
    return [Self.errorAttribute]
  }
}
