import CAS
import CASPlatform
import OCI
import SystemPackage

/// `files`, or a directory below it: the content of an artifact under the names that its layers have, as links to blobs.
final class FilesDirectory: ImagePart {
  private let image: ImageDirectory
  let path: [FileName]
  let inode: UInt64
  private let position: Int
  var shared: TreeContext { image.shared }

  convenience init(_ image: ImageDirectory) {
    self.init(image, path: image.path + [FileName("files")], position: ArtifactFiles.root)
  }

  private init(_ image: ImageDirectory, path: [FileName], position: Int) {
    self.image = image
    self.path = path
    self.position = position
    inode = ImagesDirectory.inode(path)
  }

  func isSame(as other: any Node) -> Bool {
    guard let other = other as? FilesDirectory else { return false }
    return path == other.path && image.isSame(as: other.image)
  }

  func child(named name: String, _ context: RequestContext) throws(Errno) -> any Node {
    let name = FileName(name)
    guard let known = try image.known(context), let child = known.files.position(of: name, in: position) else {
      throw .noSuchFileOrDirectory
    }
    return try node(name, layer: known.files[child].layer, position: child, known, context)
  }

  func entries(_ context: RequestContext) throws(Errno) -> any EntryStream {
    guard let known = try image.known(context) else { return EntryList([]) }
    var entries: [DirectoryEntry] = []
    for child in known.files.children(of: position) {
      let kind =
        try child.layer == nil
        ? .directory : node(child.name, layer: child.layer, position: 0, known, context).kind
      entries.append(
        DirectoryEntry(name: child.name.text, inode: ImagesDirectory.inode(path + [child.name]), kind: kind))
    }
    return EntryList(entries)
  }

  private func node(
    _ name: FileName, layer: Int?, position: Int, _ known: KnownManifest, _ context: RequestContext
  ) throws(Errno) -> any Node {
    let path = path + [name]
    guard let layer else { return FilesDirectory(image, path: path, position: position) }
    return try ImageEntry(shared, path: path, known.manifest.layers[layer]).part(context)
  }

  // MARK: Names that are not shown as they are

  private func problem(_ context: RequestContext) throws(Errno) -> String? {
    position == ArtifactFiles.root ? try image.known(context)?.files.problem : nil
  }

  func extendedAttribute(_ name: String, _ context: RequestContext) throws(Errno) -> [UInt8] {
    guard name.sameBytes(as: ImageDirectory.errorAttribute), let problem = try problem(context) else {
      throw AbsentAttribute.error(name)
    }
    return Array(problem.utf8)
  }

  func extendedAttributeNames(_ context: RequestContext) throws(Errno) -> [String] {
    try problem(context) == nil ? [] : [ImageDirectory.errorAttribute]
  }
}
