import CAS
import CASPlatform
import OCI
import SystemPackage

/// `refs/NAME`: the descriptor of a reference as one line of JSON.
final class ReferenceFile: ReferenceNode {
  private let shared: TreeContext
  private let path: [FileName]
  let inode: UInt64

  init(_ shared: TreeContext, path: [FileName]) {
    self.shared = shared
    self.path = path
    inode = Inode.reference(path.map(\.text).joined(separator: "/"))
  }

  var preferredID: NodeID { NodeID(inode) }
  var kind: NodeKind { .file }
  // A rename makes another node of the name.
  var entryTimeout: Duration { .zero }

  func isSame(as other: any Node) -> Bool {
    (other as? ReferenceFile)?.path == path
  }

  func attributes(_ context: RequestContext) throws(Errno) -> Attributes {
    let (content, modified) = try content(context)
    return shared.attributes(
      inode: inode, kind: .file, permissions: shared.options.isReadOnly ? 0o444 : 0o644,
      size: Int64(content.count), modified: modified, attributeTimeout: .zero)
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
    let (content, _) = try content(context)
    guard request.isWriting || request.isTruncating else { return BufferHandle(content) }
    let name = try shared.references.name(of: path, context)
    return ReferenceHandle(
      shared, name, path: path, inode: inode, text: request.isTruncating ? nil : content, context)
  }

  private func content(_ context: RequestContext) throws(Errno) -> ([UInt8], Timestamp) {
    switch try shared.references.place(path, context) {
    case .reference(let reference):
      let (descriptor, modified) = try shared.references.descriptor(of: reference, context)
      return (descriptor.named(nil).json.serialized + [UInt8(ascii: "\n")], modified)
    case .unwritten: return ([], .now)
    default: throw .noSuchFileOrDirectory
    }
  }
}
