import CAS
import CASPlatform
import OCI
import SystemPackage

/// A file below `incoming`: content being written, an alias of the blob that it became, or both in turn.
final class IncomingFile: Node {
  struct State {
    var metadata: FileMetadata
    /// The content being written; `nil` while the file is empty or only committed.
    var stage: (any BlobStage)?
    /// The stage into which content was copied to be hashed with another algorithm than that of its place.
    var restaged: (stage: any BlobStage, algorithm: Digest.Algorithm)?
    /// The blob of the last commit.
    var address: BlobAddress? { didSet { info = nil } }
    /// The metadata of that blob, as the last lookup found it.
    var info: BlobInfo?
    /// The processes whose handles have uncommitted writes.
    var writers: Set<ProcessIdentity> = []
    /// Whether there is uncommitted content, possibly empty (new or truncated).
    var isDirty: Bool
    var openWriters = 0
    var activeWrites = 0
    /// Whether a commit or a copy has exclusive access to the content.
    var isBusy = false
    var isUnlinked = false
    /// Whether the name was moved to the blob's own. The kernel may know this node by that name for a moment.
    var isBlobName = false
    var expectedDigest: Digest?
    /// Why the content can no longer be committed; the error of every `close(2)`.
    var failure: Errno?
    /// Why a commit after the last close failed: `user.casfs.error`.
    var asyncCommitError: String?

    /// Lets a new writer start over after a failure, unless a writer that saw the failure still has the file open.
    mutating func resetFailure() {
      if openWriters == 0 { failure = nil }
      asyncCommitError = nil
    }
  }

  let shared: TreeContext
  let namespace: IncomingNamespace
  let number: UInt64
  /// The process that created the file; 0 when it cannot be seen.
  let creator: ProcessIdentity
  /// Whether the file was created under a digest in `blobs`, and has no name in `incoming`.
  let isInBlobs: Bool
  let state: Monitor<State>

  init(
    _ shared: TreeContext, _ namespace: IncomingNamespace, number: UInt64, isInBlobs: Bool = false,
    expectedDigest: Digest?, _ metadata: FileMetadata, creator: ProcessIdentity = .unseen
  ) {
    self.shared = shared
    self.namespace = namespace
    self.number = number
    self.isInBlobs = isInBlobs
    self.creator = creator
    state = Monitor(State(metadata: metadata, isDirty: true, expectedDigest: expectedDigest))
  }

  /// A file in a state that an earlier program left.
  init(
    _ shared: TreeContext, _ namespace: IncomingNamespace, number: UInt64, isInBlobs: Bool, creator: ProcessIdentity,
    _ state: State
  ) {
    self.shared = shared
    self.namespace = namespace
    self.number = number
    self.isInBlobs = isInBlobs
    self.creator = creator
    self.state = Monitor(state)
  }

  /// A name that stands for a blob.
  init(
    alias address: BlobAddress, _ shared: TreeContext, _ namespace: IncomingNamespace, number: UInt64,
    _ metadata: FileMetadata
  ) {
    self.shared = shared
    self.namespace = namespace
    self.number = number
    (isInBlobs, creator) = (false, .unseen)
    state = Monitor(State(metadata: metadata, address: address, isDirty: false))
  }

  var preferredID: NodeID { NodeID(inode) }
  var inode: UInt64 { Inode.incoming(number) }
  var kind: NodeKind { .file }
  // A rename to a digest below `blobs` makes the name another node.
  var entryTimeout: Duration { .zero }

  // The content of a killed writer is discarded, so uncommitted attributes are not cached.
  private func attributeTimeout(_ state: State) -> Duration { state.isDirty ? .zero : CacheTimeout.second }

  /// The blob of the last commit.
  var address: BlobAddress? { state.withLock { $0.address } }
  var metadata: FileMetadata { state.withLock { $0.metadata } }

  /// Waits for a commit under way, and removes the name when it is an alias of a deleted blob.
  ///
  /// - Returns: the blob of the last commit, if there was one.
  /// - Throws: ENOENT when the blob was deleted, EINTR when the caller is interrupted.
  @discardableResult
  func resolvedBlob(_ context: RequestContext) throws(Errno) -> BlobAddress? {
    try waitWhileBusy(context)
    let (address, isAlias) = state.withLock { ($0.address, $0.stage == nil && !$0.isDirty) }
    guard let address, isAlias else { return address }
    shared.willQueryStore(for: address.digest, context)
    do throws(CASError) {
      let info = try shared.engine.blobInfo(address.digest, cancellation: context.cancellation)
      state.withLock(notifying: .none) { if $0.address == address { $0.info = info } }
    } catch {
      guard error.code == .notFound else { return address }
      namespace.remove(self)
      throw .noSuchFileOrDirectory
    }
    return address
  }

  /// Whether the name is an alias of a blob, without uncommitted content.
  func isAlias(of digest: Digest) -> Bool {
    state.withLock(notifying: .none) { $0.address?.digest == digest && $0.stage == nil && !$0.isDirty }
  }

  /// Whether a listing has the name: it is not an alias of a deleted blob.
  func isListed(_ context: RequestContext) -> Bool {
    do throws(Errno) {
      try resolvedBlob(context)
      return true
    } catch {
      return error != .noSuchFileOrDirectory
    }
  }

  /// Waits for a commit under way.
  func waitWhileBusy(_ context: RequestContext) throws(Errno) {
    guard state.withLock({ $0.isBusy }) else { return }
    try shared.commits.wait(for: state, until: { !$0.isBusy }, context)
  }

  /// Waits for exclusive access to end, then accesses the state.
  ///
  /// - Throws: EINTR when the caller is interrupted.
  func whenIdle<Result>(
    _ context: RequestContext, _ body: (inout State) throws(Errno) -> Result
  ) throws(Errno) -> Result {
    let result = try state.wait(
      until: { !$0.isBusy }, unless: { context.cancellation.isCancelled }, then: body)
    guard let result else { throw .interrupted }
    return result
  }

  // MARK: Attributes

  func attributes(_ context: RequestContext) throws(Errno) -> Attributes {
    try waitWhileBusy(context)
    let allocatedSize = allocatedSize(context)
    return state.withLock { attributes($0, allocatedSize) }
  }

  private func attributes(_ state: State, _ allocatedSize: Int64?) -> Attributes {
    let size = state.stage?.size ?? (state.isDirty ? 0 : state.address?.size ?? 0)
    let metadata = state.metadata
    return Attributes(
      inode: inode, kind: .file, permissions: metadata.permissions, links: state.isUnlinked ? 0 : 1,
      user: metadata.user, group: metadata.group, size: size, allocatedSize: allocatedSize,
      accessed: metadata.accessed, modified: metadata.modified, changed: metadata.changed,
      attributeTimeout: attributeTimeout(state))
  }

  func setAttributes(
    _ changes: AttributeChanges, handle: (any FileHandle)?, _ context: RequestContext
  ) throws(Errno) -> Attributes {
    if let size = changes.size {
      let writer = try handle.map { (handle) throws(Errno) in
        guard let handle = handle as? IncomingHandle, handle.file === self, handle.isWriting else {
          throw Errno.badFileDescriptor
        }
        return handle.process
      }
      if writer == nil { state.withLock { $0.resetFailure() } }
      try changeContent(by: writer, context) { (stage) throws(CASError) in try stage.truncate(to: size) }
      // A change without a descriptor has no close that would commit it.
      if writer == nil { try publishUnlessOpen(context) }
    }
    let allocatedSize = allocatedSize(context)
    let changed = try state.withLock { (state) throws(Errno) in
      try state.metadata.apply(changes, context, shared.processes)
      return attributes(state, allocatedSize)
    }
    recordName()
    return changed
  }

  func extendedAttribute(_ name: String, _ context: RequestContext) throws(Errno) -> [UInt8] {
    try waitWhileBusy(context)
    return try state.withLock { (state) throws(Errno) in
      if let error = state.asyncCommitError, name.sameBytes(as: "user.casfs.error") { return Array(error.utf8) }
      if let address = state.address, !state.isDirty, BlobAttribute.names.contains(where: { $0.sameBytes(as: name) }) {
        return try BlobAttribute.value(name, address)
      }
      return try state.metadata.extendedAttribute(name)
    }
  }

  func extendedAttributeNames(_ context: RequestContext) throws(Errno) -> [String] {
    try waitWhileBusy(context)
    return state.withLock { state in
      var names = state.metadata.attributes.map(\.name)
      if state.asyncCommitError != nil { names.append("user.casfs.error") }
      return names
    }
  }

  func setExtendedAttribute(_ name: String, _ value: [UInt8], mustBe: AttributePresence) throws(Errno) {
    try state.withLock { (state) throws(Errno) in
      try state.metadata.setExtendedAttribute(name, value, mustBe: mustBe)
    }
    recordName()
  }

  func removeExtendedAttribute(_ name: String) throws(Errno) {
    try state.withLock { (state) throws(Errno) in try state.metadata.removeExtendedAttribute(name) }
    recordName()
  }

  /// Records the name for the next process, if it has one in `incoming`.
  func recordName() {
    if !isInBlobs { namespace.record(.file(self)) }
  }

  // MARK: Opening

  func open(_ request: OpenRequest, _ context: RequestContext) throws(Errno) -> any FileHandle {
    try open(request, by: request.isChanging ? shared.processes.process(ofThread: context.thread) : .unseen, context)
  }

  /// Opens the file, which has just been created, for writing.
  func openNew(_ context: RequestContext) throws(Errno) -> any FileHandle {
    try open(OpenRequest(isWriting: true), by: creator, context)
  }

  private func open(
    _ request: OpenRequest, by process: ProcessIdentity, _ context: RequestContext
  ) throws(Errno) -> any FileHandle {
    shared.rewrites.end(self, context)
    let isWriting = request.isChanging
    try waitWhileBusy(context)
    // A commit under way must end first, or it would mark the truncation as committed.
    try state.wait(until: { !$0.isBusy }) { (state) throws(Errno) in
      // ESTALE makes the kernel look the name up again, which finds the blob's node.
      if state.isBlobName { throw .staleNFSFileHandle }
      if isWriting {
        state.resetFailure()
        state.openWriters += 1
      }
      if request.isTruncating {
        state.stage = nil
        state.isDirty = true
        state.metadata.noteWrite(by: context)
      }
    }
    let handle = IncomingHandle(self, process: process, isWriting: isWriting)
    // Opened now, so that a reader continues to read a blob that is deleted.
    if !isWriting, let address = state.withLock({ $0.committed }) { try handle.open(address, context) }
    return handle
  }

  /// Whether the content is temporary, and becomes a blob only by a rename.
  var isScratch: Bool { namespace.isScratch }

  /// Marks the content as moved to a name of the layout: it cannot be written any more.
  func markMoved() {
    state.withLock { state in
      state.isBlobName = true
      state.isUnlinked = true
    }
  }

  /// Marks the name as removed, so that uncommitted content is never committed.
  func unlink() {
    state.withLock { $0.isUnlinked = true }
  }
}
