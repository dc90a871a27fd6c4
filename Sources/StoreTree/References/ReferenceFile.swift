import CAS
import CASPlatform
import OCI
import Synchronization
import SystemPackage

/// `refs/NAME`: the descriptor of a reference as one line of JSON. A reference that the store lists and does not return is
/// a file that cannot be opened, with the reason in an extended attribute.
final class ReferenceFile: ReferenceNode {
  let shared: TreeContext
  private let place: Mutex<[FileName]>

  init(_ shared: TreeContext, path: [FileName]) {
    self.shared = shared
    place = Mutex(path)
  }

  var inode: UInt64 { Self.inode(path) }

  var path: [FileName] { place.withLock { $0 } }

  static func inode(_ path: [FileName]) -> UInt64 { Inode.reference(path) }

  var preferredID: NodeID { NodeID(inode) }
  var kind: NodeKind { .file }
  // A write that fails can leave no reference of the name.
  var entryTimeout: Duration { .zero }
  var listedTimeout: Duration { CacheTimeout.brief }

  func isSame(as other: any Node) -> Bool {
    (other as? ReferenceFile)?.path == path
  }

  /// Follows a rename: the kernel keeps the node under the new name until it looks that up, and the old name can be that
  /// of another node meanwhile.
  func didMove(to path: [FileName]) {
    place.withLock { $0 = path }
  }

  func attributes(at place: ReferenceView.Place?, _ context: RequestContext) throws(Errno) -> Attributes {
    let (found, modified) = try content(at: place, context)
    let content = (try? found.get()) ?? []
    return shared.attributes(
      inode: inode, kind: .file, permissions: shared.options.isReadOnly ? 0o444 : 0o644,
      size: Int64(content.count), modified: modified, attributeTimeout: CacheTimeout.brief)
  }

  func setAttributes(
    _ changes: AttributeChanges, handle: (any FileHandle)?, _ context: RequestContext
  ) throws(Errno) -> Attributes {
    if let size = changes.size {
      guard let handle = handle as? ReferenceHandle, handle.path == path else { throw .invalidArgument }
      try handle.truncate(to: size)
    }
    return try attributes(context)
  }

  func open(_ request: OpenRequest, _ context: RequestContext) throws(Errno) -> any FileHandle {
    let (found, _) = try content(context)
    let content = try shared.errors.map { () throws(CASError) in try found.get() }
    guard request.isChanging else { return BufferHandle(content) }
    let name = try shared.references.name(of: path, context)
    return ReferenceHandle(
      shared, name, path: path, inode: inode, text: request.isTruncating ? nil : content, context)
  }

  func extendedAttribute(_ name: String, _ context: RequestContext) throws(Errno) -> [UInt8] {
    guard name.sameBytes(as: ImageDirectory.errorAttribute), case .failure(let error) = try content(context).0 else {
      throw AbsentAttribute.error(name)
    }
    return Array(error.cause.utf8)
  }

  func extendedAttributeNames(_ context: RequestContext) throws(Errno) -> [String] {
    guard case .failure = try content(context).0 else { return [] }
    return [ImageDirectory.errorAttribute]
  }

  private func content(_ context: RequestContext) throws(Errno) -> (Result<[UInt8], CASError>, Timestamp) {
    try content(at: try shared.references.place(path, context), context)
  }

  private func content(
    at place: ReferenceView.Place?, _ context: RequestContext
  ) throws(Errno) -> (Result<[UInt8], CASError>, Timestamp) {
    switch place {
    case .reference(let reference): return try shared.references.text(of: reference, context)
    case .unwritten: return (.success([]), .now)
    default: throw .noSuchFileOrDirectory
    }
  }
}
