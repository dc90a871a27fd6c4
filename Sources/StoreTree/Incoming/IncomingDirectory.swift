import CAS
import CASPlatform
import OCI
import SystemPackage

/// `incoming` or a directory below it: a file that is created here becomes a blob when it is closed.
final class IncomingDirectory: NamespaceDirectory {
  let shared: TreeContext
  let namespace: IncomingNamespace
  let state: IncomingInode

  init(_ shared: TreeContext, _ namespace: IncomingNamespace, _ state: IncomingInode) {
    self.shared = shared
    self.namespace = namespace
    self.state = state
  }

  static func inode(_ number: UInt64) -> UInt64 { number == 0 ? Inode.incoming : Inode.incoming(number) }

  var entryTimeout: Duration {
    // Each process can have its own directory of the name.
    if namespace.isScratch { return .zero }
    return state.number == 0 ? CacheTimeout.lasting : CacheTimeout.second
  }

  func attributes(_ context: RequestContext) throws(Errno) -> Attributes {
    attributes(state.current)
  }

  private func attributes(_ metadata: FileMetadata) -> Attributes {
    Attributes(
      inode: inode, kind: .directory, permissions: metadata.permissions, links: namespace.has(state) ? 1 : 0,
      user: metadata.user, group: metadata.group, size: 0, accessed: metadata.accessed, modified: metadata.modified,
      changed: metadata.changed, attributeTimeout: CacheTimeout.second)
  }

  func setAttributes(
    _ changes: AttributeChanges, handle: (any FileHandle)?, _ context: RequestContext
  ) throws(Errno) -> Attributes {
    if changes.size != nil { throw .isDirectory }
    let metadata = try state.change { (metadata) throws(Errno) in
      try metadata.apply(changes, context, shared.processes)
      return metadata
    }
    namespace.record(.directory(state))
    return attributes(metadata)
  }

  func child(named name: String, _ context: RequestContext) throws(Errno) -> any Node {
    switch namespace.member(FileName(name), of: state) {
    case .directory(let state): return IncomingDirectory(shared, namespace, state)
    case .file(let file):
      try file.resolvedBlob(context)
      return file
    case nil: throw .noSuchFileOrDirectory
    }
  }

  func entry(_ name: FileName, _ file: IncomingFile, _ context: RequestContext) -> DirectoryEntry? {
    file.isListed(context) ? DirectoryEntry(name: name.text, inode: file.inode, kind: .file) : nil
  }

  func create(
    _ name: String, permissions: UInt32, _ context: RequestContext
  ) throws(Errno) -> (node: any Node, handle: any FileHandle) {
    let file = IncomingFile(
      shared, namespace, number: shared.incoming.nextNumber(),
      expectedDigest: namespace.isScratch ? nil : IncomingFile.expectedDigest(inName: name),
      state.current.ofNewChild(permissions, isDirectory: false, context),
      creator: shared.processes.process(ofThread: context.thread))
    try namespace.insert(.file(file), FileName(name), in: state)
    return (file, try file.openNew(context))
  }

  func makeDirectory(_ name: String, permissions: UInt32, _ context: RequestContext) throws(Errno) -> any Node {
    let new = IncomingInode(
      number: shared.incoming.nextNumber(), state.current.ofNewChild(permissions, isDirectory: true, context))
    try namespace.insert(.directory(new), FileName(name), in: state)
    return IncomingDirectory(shared, namespace, new)
  }

  func removeFile(_ name: String, _ context: RequestContext) throws(Errno) {
    try namespace.removeFile(FileName(name), from: state).unlink()
  }

  func removeDirectory(_ name: String, _ context: RequestContext) throws(Errno) {
    try namespace.removeDirectory(FileName(name), from: state)
  }

  func rename(
    _ name: String, to other: String, in directory: any Node, replacing: Bool, _ context: RequestContext
  ) throws(Errno) {
    if namespace.isScratch, case .file(let file) = namespace.member(FileName(name), of: state),
      try file.moveToLayout(other, in: directory, replacing: replacing, context)
    {
      return
    }
    if let blobs = directory as? AlgorithmDirectory {
      return try moveToBlobs(name, as: other, in: blobs, replacing: replacing, context)
    }
    guard let target = directory as? IncomingDirectory, target.namespace === namespace else { throw .improperLink }
    let expectedDigest = namespace.isScratch ? nil : IncomingFile.expectedDigest(inName: other)
    // Not under the lock of the names: the content is hashed again.
    var restored: IncomingFile.Restored?
    if case .file(let file) = namespace.member(FileName(name), of: state) {
      restored = try file.restore(as: expectedDigest, context)
    }
    let replaced = try namespace.rename(
      FileName(name), in: state, to: FileName(other), in: target.state, replacing: replacing
    ) { (file) throws(Errno) in try file.setExpectedDigest(expectedDigest, restored) }
    replaced?.unlink()
  }

  /// Moves a committed name to `blobs/ALGORITHM/HEX`. The blob is stored there, or is now, so only the alias goes.
  ///
  /// - Throws: EBUSY while the name is being written, EBADMSG when the content has another digest, EPERM when the new
  ///   name is not a digest.
  private func moveToBlobs(
    _ name: String, as hex: String, in blobs: AlgorithmDirectory, replacing: Bool, _ context: RequestContext
  ) throws(Errno) {
    guard let digest = Digest(blobs.algorithm, hex: hex) else { throw .notPermitted }
    switch namespace.member(FileName(name), of: state) {
    case .directory: throw .notDirectory
    case .file(let file):
      try file.resolvedBlob(context)
      let isTaken = replacing ? false : try shared.isStored(digest, context)
      let restored = try file.restore(as: digest, context)
      try file.becomeBlob(digest, restored, isTaken: isTaken)
      shared.removals.cancel(digest)
      try removeFile(name, context)
    case nil: throw .noSuchFileOrDirectory
    }
  }

  func setExtendedAttribute(_ name: String, _ value: [UInt8], mustBe: AttributePresence) throws(Errno) {
    try state.change { (metadata) throws(Errno) in try metadata.setExtendedAttribute(name, value, mustBe: mustBe) }
    namespace.record(.directory(state))
  }

  func removeExtendedAttribute(_ name: String) throws(Errno) {
    try state.change { (metadata) throws(Errno) in try metadata.removeExtendedAttribute(name) }
    namespace.record(.directory(state))
  }

  func extendedAttribute(_ name: String, _ context: RequestContext) throws(Errno) -> [UInt8] {
    try state.current.extendedAttribute(name)
  }

  func extendedAttributeNames(_ context: RequestContext) throws(Errno) -> [String] {
    state.current.attributes.map(\.name)
  }
}
