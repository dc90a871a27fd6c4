import CAS
import CASPlatform
import OCI
import SystemPackage

/// `images` or a directory below it: an image for each reference whose name begins with its path and, at the top, for
/// each entry of the index without a name. An entry that is not a manifest is a link to its blob.
final class ImagesDirectory: ReferencePrefixDirectory {
  private let shared: TreeContext
  let path: [FileName]
  let inode: UInt64
  var supportsReaddirplus: Bool { shared.remote == nil }

  init(_ shared: TreeContext, path: [FileName]) {
    self.shared = shared
    self.path = path
    inode = Self.inode(path)
  }

  static func inode(_ path: [FileName]) -> UInt64 {
    path.isEmpty ? Inode.images : Inode.reference(path, after: "images/")
  }

  func attributes(_ context: RequestContext) throws(Errno) -> Attributes {
    shared.attributes(
      inode: inode, kind: .directory, permissions: 0o755, size: 0,
      modified: try shared.references.modified(context),
      attributeTimeout: CacheTimeout.brief)
  }

  func extendedAttribute(_ name: String, _ context: RequestContext) throws(Errno) -> [UInt8] {
    try shared.listingError(name, at: path, context)
  }

  func extendedAttributeNames(_ context: RequestContext) throws(Errno) -> [String] {
    try shared.listingErrorNames(at: path, context)
  }

  func child(named name: String, _ context: RequestContext) throws(Errno) -> any Node {
    let path = path + [FileName(name)]
    switch try shared.references.place(path, context) {
    case .directory: return ImagesDirectory(shared, path: path)
    case .reference(let reference):
      switch try shared.references.descriptor(of: reference, context).0 {
      case .success(let descriptor): return try entry(path, descriptor, context)
      case .failure(let error): return UnreadableImageDirectory(shared, path: path, reason: error.cause)
      }
    case nil, .unwritten:
      guard self.path.isEmpty, let descriptor = try shared.references.unnamed(context)[FileName(name)] else {
        throw .noSuchFileOrDirectory
      }
      return try entry(path, descriptor, context)
    }
  }

  /// The tags of a registry are manifests, and listed without their media types.
  private func entry(
    _ path: [FileName], _ descriptor: Descriptor, _ context: RequestContext
  ) throws(Errno) -> any Node {
    if shared.remote != nil { return ImageDirectory(shared, path: path, descriptor) }
    return try ImageEntry(shared, path: path, descriptor).node(context)
  }

  func entries(_ context: RequestContext) throws(Errno) -> any EntryStream {
    var names = try shared.references.children(of: path, withUnwritten: false, context).map(\.name)
    // A reference may have the name that an entry without one is shown by.
    if path.isEmpty {
      let unnamed = Set(try shared.references.unnamed(context).keys).subtracting(names)
      names += unnamed.sorted { $0.text < $1.text }
    }
    var entries: [DirectoryEntry] = []
    for name in names {
      // A reference that is removed meanwhile is listed as it was.
      let kind = shared.remote == nil ? try? child(named: name.text, context).kind : nil
      entries.append(
        DirectoryEntry(name: name.text, inode: Self.inode(path + [name]), kind: kind ?? .directory))
    }
    return EntryList(entries)
  }
}
