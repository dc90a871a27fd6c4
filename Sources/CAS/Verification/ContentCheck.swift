package import CASPlatform
package import OCI
import SystemPackage

/// Hashes one stored file, or a region of one, and tells corruption from a file that another tool is still writing.
package struct ContentCheck {
  private let file: OpenFile
  private let region: Range<Int64>?
  private let digest: Digest
  private let context: OperationContext

  /// How long a file that changes is waited for.
  private static let rereadPeriod = Duration.seconds(1)
  /// Where the kernel does not tell who writes: how many seconds after a change a file counts as being written.
  private static let settlingTime: Int64 = 1

  /// - Parameter region: where the content is; `nil` is the whole file.
  package init(
    file: OpenFile, region: Range<Int64>? = nil, digest: Digest, _ context: OperationContext
  ) {
    self.file = file
    self.region = region
    self.digest = digest
    self.context = context
  }

  /// Makes sure that the file has the content of the digest.
  ///
  /// - Parameter first: the state in which it was opened.
  /// - Parameter progress: told how many bytes were hashed.
  /// - Returns: the state in which it has, which may be a later one.
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
      // A mismatch counts only when nobody is about to complete the file.
      if let mismatch, mismatch.identity == before, !isBeingWritten(before) {
        throw .corrupt(context, expected: digest, actual: mismatch.actual)
      }
      let now = ContinuousClock.now
      if let deadline, now >= deadline {
        throw CASError(.io(.ioError), context, cause: "it is still being written by another program")
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
    return (0...Self.settlingTime).contains(identity.modified.age)
  }
}

extension Range<Int64> {
  /// The length of a region, in bytes.
  var size: Int64 { upperBound - lowerBound }
}
