package import CASPlatform
package import OCI

/// The record of verified states, which other processes read.
extension Verifier {
  /// Whether this state of a file was verified, by this process or by one that recorded it.
  ///
  /// - Parameter region: as of ``ensure(_:_:region:is:_:_:)``.
  package func recall(
    _ digest: Digest, _ file: OpenFile, _ identity: FileIdentity, region: Range<Int64>? = nil
  ) -> Bool {
    guard remembers, let record else { return false }
    if known(digest)?.identity == identity { return true }
    guard record.contains(VerifiedState(digest, identity, region: region), file) else { return false }
    remember(digest, identity, isDurable: false)
    return true
  }

  /// Records content that this process stored durably, for other processes.
  ///
  /// - Parameter modified: as of ``VerificationRecord/insertStored(_:_:modified:)``; `nil` records nothing.
  package func recordStored(_ digest: Digest, _ file: OpenFile, _ identity: FileIdentity, modified: Timestamp?) {
    guard remembers, let record, let modified else { return }
    record.insertStored(VerifiedState(digest, identity), file, modified: modified)
  }

  /// Forgets a state of a file whose content was found to be damaged, and removes it from the record.
  package func discredit(
    _ digest: Digest, _ file: OpenFile, _ identity: FileIdentity, region: Range<Int64>? = nil
  ) {
    forget(digest)
    record?.remove(VerifiedState(digest, identity, region: region), file)
  }

  /// The candidate for a state whose content is about to be hashed, if this verifier records.
  func candidate(_ verified: VerifiedState, _ file: OpenFile) -> VerificationRecord.Candidate? {
    remembers ? record?.candidate(verified, file) : nil
  }
}
