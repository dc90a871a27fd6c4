import CAS
import CASPlatform
import OCI
import SystemPackage

/// `images` or a directory below it: an image for each reference whose name begins with its path and, at the top, for
/// each entry of the index without a name.
final class ImagesDirectory: ReferencePrefixDirectory {
  private let shared: TreeContext
  let path: [FileName]
  let inode: UInt64

  init(_ shared: TreeContext, path: [FileName]) {
    self.shared = shared
    self.path = path
    inode = Self.inode(path)
  }

  static func inode(_ path: [FileName]) -> UInt64 {
    path.isEmpty ? Inode.images : Inode.reference("images/" + path.map(\.text).joined(separator: "/"))
  }

  func attributes(_ context: RequestContext) throws(Errno) -> Attributes {
    shared.attributes(
      inode: inode, kind: .directory, permissions: 0o755, size: 0,
      modified: try shared.references.modified(context),
      attributeTimeout: CacheTimeout.brief)
  }

  func child(named name: String, _ context: RequestContext) throws(Errno) -> any Node {
    let path = path + [FileName(name)]
    switch try shared.references.place(path, context) {
    case .directory: return ImagesDirectory(shared, path: path)
    case .reference(let reference):
      let (descriptor, _) = try shared.references.descriptor(of: reference, context)
      return ImageDirectory(shared, path: path, descriptor)
    case nil, .unwritten:
      guard self.path.isEmpty, let descriptor = try shared.references.unnamed(context)[FileName(name)] else {
        throw .noSuchFileOrDirectory
      }
      return ImageDirectory(shared, path: path, descriptor)
    }
  }

  func entries(_ context: RequestContext) throws(Errno) -> any EntryStream {
    var names = try shared.references.children(of: path, withUnwritten: false, context)
    // A reference may have the name that an entry without one is shown by.
    if path.isEmpty { names += Set(try shared.references.unnamed(context).keys).subtracting(names) }
    return EntryList(
      names.map { DirectoryEntry(name: $0.text, inode: Self.inode(path + [$0]), kind: .directory) })
  }
}
