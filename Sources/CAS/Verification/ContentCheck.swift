package import CASPlatform
package import OCI
import SystemPackage

/// A check of the content of one stored file, or of a region of one. It distinguishes corruption from a file that another
/// tool is still writing.
package struct ContentCheck {
  private let file: OpenFile
  private let region: Range<Int64>?
  private let digest: Digest
  private let context: OperationContext

  /// The time for which a changing file is hashed again.
  private static let rereadPeriod = Duration.seconds(1)
  /// The time after a change during which a file counts as being written, where the kernel does not report writers.
  private static let settlingTime = Duration.seconds(1)

  /// - Parameter region: the place of the content; `nil` is the whole file.
  package init(
    file: OpenFile, region: Range<Int64>? = nil, digest: Digest, _ context: OperationContext
  ) {
    self.file = file
    self.region = region
    self.digest = digest
    self.context = context
  }

  /// Hashes the file, again while it changes, and compares the result with the digest.
  ///
  /// - Parameter first: the state in which the file was opened.
  /// - Parameter progress: called with the number of bytes that were hashed.
  /// - Returns: the state that has the content, which may be a later one.
  /// - Throws: ``CASError/Code-swift.struct/corrupt``; EIO if the file is still changing after a second.
  package func run(
    _ first: FileIdentity, progress: (Int64) throws(CASError) -> Void = { _ in }
  ) throws(CASError) -> FileIdentity {
    var before = first
    var deadline: ContinuousClock.Instant?
    var mismatch: (identity: FileIdentity, actual: Digest)?
    while true {
      if mismatch?.identity != before {
        let actual = try ContentHash.digest(
          of: file, from: region?.lowerBound ?? 0, size: region?.size ?? before.size, digest.algorithm, context,
          progress: progress)
        let after = try identity()
        if after == before {
          if actual == digest { return after }
          mismatch = (after, actual)
        }
      }
      // A mismatch counts only if no writer is about to complete the file.
      if let mismatch, mismatch.identity == before, !isBeingWritten(before) {
        throw .corrupt(context, expected: digest, actual: mismatch.actual)
      }
      let now = ContinuousClock.now
      if let deadline, now >= deadline {
        throw CASError(.io(.ioError), context, cause: "still being written by another program")
      }
      deadline = deadline ?? now + Self.rereadPeriod
      try context.checkCancellation()
      Thread.sleep(for: .milliseconds(20))
      before = try identity()
    }
  }

  private func identity() throws(CASError) -> FileIdentity {
    try mappingErrno(context, try file.status().identity)
  }

  private func isBeingWritten(_ identity: FileIdentity) -> Bool {
    if let hasWriter = file.hasWriter() { return hasWriter }
    return (.zero...Self.settlingTime).contains(.seconds(identity.modified.age))
  }
}

extension Range<Int64> {
  /// The length of a region, in bytes.
  var size: Int64 { upperBound - lowerBound }
}
