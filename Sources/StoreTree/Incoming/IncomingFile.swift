import CAS
import CASPlatform
import OCI
import SystemPackage

/// A name in `incoming`: content in the making, an alias of the blob that it became, or both in turn.
final class IncomingFile: Node {
  struct State {
    var metadata: FileMetadata
    /// The content being written; `nil` while there is none but the committed.
    var stage: (any BlobStage)?
    /// What the content became at the last commit.
    var address: BlobAddress?
    /// Of which processes' handles there are writes that are not committed.
    var writers: Set<Int32> = []
    /// Whether there is content that is not committed, be it none: a new file, or one cut to nothing.
    var isDirty: Bool
    var openWriters = 0
    var activeWrites = 0
    /// Whether one thread has the content to itself, to commit it or to copy it.
    var isBusy = false
    var isUnlinked = false
    /// Whether its name is the blob's own now; the kernel may know this node by it for a moment.
    var isBlobName = false
    var expectedDigest: Digest?
    /// Why the content can never be published; what a close gives.
    var failure: Errno?
    /// What went wrong after the last close, when nobody could be told.
    var asyncCommitError: String?

    /// Forgets what an earlier writer could not finish, unless one of his time is still there.
    mutating func resetFailure() {
      if openWriters == 0 { failure = nil }
      asyncCommitError = nil
    }
  }

  let tree: TreeContext
  let number: UInt64
  let state: Monitor<State>

  init(_ tree: TreeContext, number: UInt64, expectedDigest: Digest?, _ metadata: FileMetadata) {
    self.tree = tree
    self.number = number
    state = Monitor(State(metadata: metadata, isDirty: true, expectedDigest: expectedDigest))
  }

  var preferredID: NodeID { NodeID(inode) }
  var inode: UInt64 { Inode.incoming(number) }
  var kind: NodeKind { .file }
  // A name that is moved to its digest is a blob at once.
  var entryTimeout: Duration { .zero }

  // A writer that is killed takes its content along at once.
  private func attributeTimeout(_ state: State) -> Duration { state.isDirty ? .zero : CacheTimeout.second }

  /// The blob that the name stands for, when it was committed.
  var address: BlobAddress? { state.withLock { $0.address } }
  var metadata: FileMetadata { state.withLock { $0.metadata } }

  /// Waits for a commit under way, and drops an alias whose blob was deleted.
  ///
  /// - Returns: the blob's address, when there was a commit.
  @discardableResult
  func resolvedBlob(_ context: RequestContext) throws(Errno) -> BlobAddress? {
    try waitWhileBusy(context)
    let (address, isAlias) = state.withLock { ($0.address, $0.stage == nil && !$0.isDirty) }
    guard let address, isAlias else { return address }
    tree.willQueryStore(for: address.digest, context)
    do throws(CASError) {
      _ = try tree.engine.blobInfo(address.digest, cancellation: context.cancellation)
    } catch {
      guard error.code == .notFound else { return address }
      tree.incoming.remove(self)
      throw .noSuchFileOrDirectory
    }
    return address
  }

  /// Whether the name stands for a blob, and nothing is being written under it.
  func isAlias(of digest: Digest) -> Bool {
    state.withLock(notifying: .none) { $0.address?.digest == digest && $0.stage == nil && !$0.isDirty }
  }

  /// Whether the name is one to list: not an alias of a blob that was deleted.
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
    try tree.commits.wait(for: state, until: { !$0.isBusy }, context)
  }

  /// Waits until nobody has the content to itself, then sees and changes the state, unless the caller is let go before.
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
    return state.withLock { attributes($0) }
  }

  private func attributes(_ state: State) -> Attributes {
    let size = state.stage?.size ?? (state.isDirty ? 0 : state.address?.size ?? 0)
    let metadata = state.metadata
    return Attributes(
      inode: inode, kind: .file, permissions: metadata.permissions, links: state.isUnlinked ? 0 : 1,
      user: metadata.user, group: metadata.group, size: size, accessed: metadata.accessed, modified: metadata.modified,
      changed: metadata.changed,
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
      // Without a descriptor there is no close to wait for.
      if writer == nil { try publishUnlessOpen(context) }
    }
    return try state.withLock { (state) throws(Errno) in
      try state.metadata.apply(changes, context, tree.processes)
      return attributes(state)
    }
  }

  func attribute(_ name: String, _ context: RequestContext) throws(Errno) -> [UInt8] {
    try waitWhileBusy(context)
    return try state.withLock { (state) throws(Errno) in
      if let error = state.asyncCommitError, name.sameBytes(as: "user.casfs.error") { return Array(error.utf8) }
      if let address = state.address, !state.isDirty, BlobAttribute.names.contains(where: { $0.sameBytes(as: name) }) {
        return try BlobAttribute.value(name, address)
      }
      return try state.metadata.attribute(name)
    }
  }

  func attributeNames(_ context: RequestContext) throws(Errno) -> [String] {
    try waitWhileBusy(context)
    return state.withLock { state in
      var names = state.metadata.attributes.map(\.name)
      if state.asyncCommitError != nil { names.append("user.casfs.error") }
      return names
    }
  }

  func setAttribute(_ name: String, _ value: [UInt8], mustBe: AttributePresence) throws(Errno) {
    try state.withLock { (state) throws(Errno) in
      try state.metadata.setAttribute(name, value, mustBe: mustBe)
    }
  }

  func removeAttribute(_ name: String) throws(Errno) {
    try state.withLock { (state) throws(Errno) in try state.metadata.removeAttribute(name) }
  }

  // MARK: Opening

  func open(_ request: OpenRequest, _ context: RequestContext) throws(Errno) -> any FileHandle {
    // Whoever only cuts it to nothing is a writer too: `O_RDONLY | O_TRUNC`.
    let isWriting = request.isWriting || request.isTruncating
    let process = isWriting ? tree.processes.process(ofThread: context.thread) : 0
    try waitWhileBusy(context)
    // What is cut to nothing during a commit would be taken for committed at its end.
    try state.wait(until: { !$0.isBusy }) { (state) throws(Errno) in
      // The kernel looks the name up again and finds the blob's node.
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
    // Who has it open goes on reading when the blob is deleted.
    if !isWriting, let address = state.withLock({ $0.committed }) { try handle.open(address, context) }
    return handle
  }

  /// Notes that the name is gone: what is not committed never will be.
  func unlink() {
    state.withLock { $0.isUnlinked = true }
  }
}
