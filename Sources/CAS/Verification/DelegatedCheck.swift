package import CASPlatform
package import OCI

/// The check of a stored copy by a caller that hashes all of it in a pass of its own, so that no pass of the store precedes
/// that.
package struct DelegatedCheck: Sendable {
  /// The copy, in the state in which it was opened.
  package let blob: BlobFile
  private let verifier: Verifier
  private let verified: VerifiedState
  private let candidate: VerificationRecord.Candidate?

  init(_ blob: BlobFile, _ verifier: Verifier, _ verified: VerifiedState) {
    self.blob = blob
    self.verifier = verifier
    self.verified = verified
    candidate = verifier.candidate(verified, blob.file)
  }

  /// Whether the file is in the state in which it was opened.
  package var isUnchanged: Bool { (try? blob.file.status().identity) == verified.identity }

  /// Remembers that the content has its digest, unless the file changed since it was opened.
  package func succeed() {
    if isUnchanged { verifier.remember(verified, candidate) }
  }
}

extension Verifier {
  /// Begins a check whose hashing the caller does.
  ///
  /// - Parameter blob: the copy, in the state `identity`.
  /// - Parameter region: as of ``ensure(_:_:region:is:_:_:)``.
  package func delegateCheck(
    of digest: Digest, _ blob: BlobFile, _ identity: FileIdentity, region: Range<Int64>? = nil
  ) -> DelegatedCheck {
    DelegatedCheck(blob, self, VerifiedState(digest, identity, region: region))
  }
}
