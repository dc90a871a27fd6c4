import CASPlatform
import OCI

/// The blobs that a thread is about to write again: `open(2)` with `O_TRUNC` of a blob that is stored.
///
/// The open of the blob's node fails with ESTALE. The kernel looks the name up again, and finds the new content, which
/// promises to have the digest. Other threads find the blob.
final class BlobRewrites: Sendable {
  private struct Key: Hashable {
    let thread: Int32
    let digest: Digest
  }

  private struct Rewrite {
    let file: IncomingFile
    let begun: ContinuousClock.Instant
  }

  /// How long the kernel takes at most to repeat the open.
  private static let timeout = Duration.seconds(5)
  private let state = Monitor<[Key: Rewrite]>([:])

  func begin(_ file: IncomingFile, _ context: RequestContext) {
    guard let digest = file.promisedDigest else { return }
    let now = ContinuousClock.now
    state.withLock { state in
      state = state.filter { now < $0.value.begun + Self.timeout }
      state[Key(thread: context.thread, digest: digest)] = Rewrite(file: file, begun: now)
    }
  }

  /// The rewrites that have begun.
  var all: [(thread: Int32, digest: Digest, file: IncomingFile)] {
    state.withLock(notifying: .none) { $0.map { ($0.key.thread, $0.key.digest, $0.value.file) } }
  }

  /// Goes on with a rewrite of an earlier program.
  func restore(_ file: IncomingFile, _ digest: Digest, thread: Int32) {
    state.withLock { $0[Key(thread: thread, digest: digest)] = Rewrite(file: file, begun: .now) }
  }

  /// The new content that a thread is about to open.
  func pending(_ digest: Digest, thread: Int32) -> IncomingFile? {
    state.withLock(notifying: .none) { $0.isEmpty ? nil : $0[Key(thread: thread, digest: digest)]?.file }
  }

  /// Ends the rewrite that an open of its content completes.
  func end(_ file: IncomingFile, _ context: RequestContext) {
    if state.withLock(notifying: .none, { $0.isEmpty }) { return }
    state.withLock { state in
      for (key, rewrite) in state where rewrite.file === file { state[key] = nil }
    }
  }
}

extension IncomingFile {
  /// Content that is written under the name of its digest.
  convenience init(promising digest: Digest, permissions: UInt32, _ shared: TreeContext, _ context: RequestContext) {
    let process = shared.processes.process(ofThread: context.thread)
    shared.removals.noteUse(by: process)
    self.init(
      shared, shared.incoming, number: shared.incoming.nextNumber(), isInBlobs: true, expectedDigest: digest,
      FileMetadata(permissions: permissions & 0o7777, user: context.user, group: context.group, now: .now),
      creator: process)
  }

  /// The digest that the content promises.
  var promisedDigest: Digest? { state.withLock(notifying: .none) { $0.expectedDigest } }
}
