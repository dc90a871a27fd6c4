import CAS
import CASPlatform
import OCI
import SystemPackage

/// `files`, or a directory below it: the content of an artifact under the names that its layers have, as links to blobs.
final class FilesDirectory: ImagePart {
  let shared: TreeContext
  let path: [FileName]
  let inode: UInt64
  private let descriptor: Descriptor
  private let content: Content
  private let position: Int

  /// The files of a manifest, arranged at the first use: most lookups in an image are of other parts.
  private final class Content: Sendable {
    let manifest: Manifest
    private let arranged = Monitor<ArtifactFiles?>(nil)

    init(_ manifest: Manifest) {
      self.manifest = manifest
    }

    var files: ArtifactFiles {
      arranged.withLock { (arranged) in
        let files = arranged ?? ArtifactFiles(manifest)
        arranged = files
        return files
      }
    }
  }

  /// - Parameter descriptor: that of the manifest.
  convenience init(_ shared: TreeContext, path: [FileName], _ descriptor: Descriptor, _ manifest: Manifest) {
    self.init(shared, path: path, descriptor, Content(manifest), position: ArtifactFiles.root)
  }

  private init(
    _ shared: TreeContext, path: [FileName], _ descriptor: Descriptor, _ content: Content, position: Int
  ) {
    self.shared = shared
    self.path = path
    self.descriptor = descriptor
    self.content = content
    self.position = position
    inode = ImagesDirectory.inode(path)
  }

  func isSame(as other: any Node) -> Bool {
    guard let other = other as? FilesDirectory else { return false }
    return path == other.path && descriptor == other.descriptor
  }

  func child(named name: String, _ context: RequestContext) throws(Errno) -> any Node {
    let name = FileName(name)
    guard let child = content.files.position(of: name, in: position) else { throw .noSuchFileOrDirectory }
    return try node(name, layer: content.files[child].layer, position: child, context)
  }

  func entries(_ context: RequestContext) throws(Errno) -> any EntryStream {
    var entries: [DirectoryEntry] = []
    for child in content.files.children(of: position) {
      let kind = try child.layer == nil ? .directory : node(child.name, layer: child.layer, position: 0, context).kind
      entries.append(
        DirectoryEntry(name: child.name.text, inode: ImagesDirectory.inode(path + [child.name]), kind: kind))
    }
    return EntryList(entries)
  }

  private func node(
    _ name: FileName, layer: Int?, position: Int, _ context: RequestContext
  ) throws(Errno) -> any Node {
    let path = path + [name]
    guard let layer else { return FilesDirectory(shared, path: path, descriptor, content, position: position) }
    return try ImageEntry(shared, path: path, content.manifest.layers[layer]).part(context)
  }

  // MARK: Names that are not shown as they are

  private var problem: String? { position == ArtifactFiles.root ? content.files.problem : nil }

  func extendedAttribute(_ name: String, _ context: RequestContext) throws(Errno) -> [UInt8] {
    guard name.sameBytes(as: ImageDirectory.errorAttribute), let problem else {
      throw AbsentAttribute.error(name)
    }
    return Array(problem.utf8)
  }

  func extendedAttributeNames(_ context: RequestContext) throws(Errno) -> [String] {
    problem == nil ? [] : [ImageDirectory.errorAttribute]
  }
}
