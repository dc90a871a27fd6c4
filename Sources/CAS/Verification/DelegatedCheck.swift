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

  /// Remembers that the content has its digest, unless the file changed since it was opened.
  package func succeed() {
    if (try? blob.file.status().identity) == verified.identity { verifier.remember(verified, candidate) }
  }

  /// Hashes the copy after the caller found a fault, also if its state counts as verified: content that decayed without a
  /// change of its state is reported, and forgotten.
  ///
  /// - Returns: whether the copy has its digest and is in the state in which it was opened, so that the fault is another one.
  /// - Throws: as ``Verifier/verify(_:_:region:is:ignoringCache:_:)``.
  package func confirm(_ context: OperationContext) throws(CASError) -> Bool {
    try verifier.verify(
      blob.file, verified.identity, region: verified.region, is: verified.digest, ignoringCache: true, context)
      == verified.identity
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
