import CASImage
import CASPlatform
import OCI
import SystemPackage

/// `rootfs`, a directory of `diffs`, or the root of a mount of one image: the root of the file system of an image or a
/// layer. Its layers are read when it is first listed or searched; if that fails, the reason is in an extended attribute.
final class ImageRootDirectory: SyntheticDirectory {
  private let fileSystem: ImageFileSystem

  init(_ fileSystem: ImageFileSystem) {
    self.fileSystem = fileSystem
  }

  var shared: TreeContext { fileSystem.shared }
  var inode: UInt64 { fileSystem.rootInode }
  var parentInode: UInt64 { fileSystem.path.map { ImagesDirectory.inode(Array($0.dropLast())) } ?? Inode.root }
  var entryTimeout: Duration { CacheTimeout.brief }
  var hasLastingEntries: Bool { true }
  var supportsReaddirplus: Bool { true }

  func isSame(as other: any Node) -> Bool {
    guard let other = other as? ImageRootDirectory else { return false }
    return fileSystem.isSame(as: other.fileSystem)
  }

  func attributes(_ context: RequestContext) throws(Errno) -> Attributes {
    guard let image = try image(context) else {
      return shared.attributes(
        inode: inode, kind: .directory, permissions: 0o755, size: 0, modified: shared.started,
        attributeTimeout: CacheTimeout.none)
    }
    return fileSystem.attributes(of: image.root, attributeTimeout: CacheTimeout.brief)
  }

  /// The image. That of the whole mount is opened, as it was before an earlier process died.
  private func image(_ context: RequestContext) throws(Errno) -> Image? {
    if fileSystem.path != nil { return fileSystem.opened }
    do throws(Errno) {
      return try fileSystem.open(context)
    } catch {
      if error == .interrupted { throw error }
      return nil
    }
  }

  func child(named name: String, _ context: RequestContext) throws(Errno) -> any Node {
    try fileSystem.child(named: name, of: fileSystem.open(context).root)
  }

  func entries(_ context: RequestContext) throws(Errno) -> any EntryStream {
    ImageEntryStream(fileSystem, try fileSystem.open(context).root)
  }

  func extendedAttribute(_ name: String, _ context: RequestContext) throws(Errno) -> [UInt8] {
    if name.sameBytes(as: ImageDirectory.errorAttribute), let failure = fileSystem.failure {
      return Array(failure.utf8)
    }
    guard let image = fileSystem.opened else { throw AbsentAttribute.error(name) }
    return try fileSystem.extendedAttribute(name, of: image.root)
  }

  func extendedAttributeNames(_ context: RequestContext) throws(Errno) -> [String] {
    if fileSystem.failure != nil { return [ImageDirectory.errorAttribute] }
    guard let image = fileSystem.opened else { return [] }
    return fileSystem.extendedAttributeNames(of: image.root)
  }
}
