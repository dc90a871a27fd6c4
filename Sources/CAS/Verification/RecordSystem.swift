package import CASPlatform
package import OCI

/// The parts of the system that a record relies on. Tests replace them.
package struct RecordSystem: Sendable {
  /// The clock that sets the times of files.
  package var now: @Sendable () -> Timestamp
  /// The identity of the machine; without one nothing is recorded.
  package var machine: String?
  /// The file system and the creation of a file; `nil` if they are unknown.
  package var origin: @Sendable (OpenFile) -> FileOrigin?
  /// Whether a process has a file open for writing; `nil` if that is unknown.
  package var hasWriter: @Sendable (OpenFile) -> Bool?
  /// The fs-verity digest of a file; `nil` if it has none.
  package var verity: @Sendable (OpenFile) -> VerityDigest?
  /// Makes a file durable; returns whether that succeeded.
  package var synchronize: @Sendable (OpenFile) -> Bool

  /// The running system.
  package static let current = RecordSystem(
    now: { Timestamp.now }, machine: MachineIdentity.current, origin: { try? $0.origin() },
    hasWriter: { $0.hasWriter() }, verity: { try? $0.verityDigest() },
    synchronize: { (try? $0.synchronize()) != nil })
}

extension RecordSystem {
  /// ``VerificationRecord/tick`` in seconds for file systems that keep no fractions.
  private static let coarseTick: Int64 = 2

  /// Whether a change from now on sets a time that this state does not have.
  func isSettled(_ identity: FileIdentity) -> Bool {
    let now = now()
    let isCoarse = identity.changed.nanoseconds == 0 && identity.modified.nanoseconds == 0
    return identity.changed
      < (isCoarse ? now.earlier(bySeconds: Self.coarseTick) : now.earlier(byMilliseconds: VerificationRecord.tick))
  }

  /// - Returns: `nil` on a file system whose times do not show every change, or without an identity of the machine.
  func fingerprint(_ verified: VerifiedState, _ file: OpenFile) -> Fingerprint? {
    guard let machine, let origin = origin(file), origin.isStable else { return nil }
    return verified.fingerprint(machine: machine, origin)
  }

  /// The statement by the fs-verity digest of the file, which holds for its content wherever it is.
  ///
  /// - Returns: `nil` for a file that is not sealed.
  func sealedFingerprint(_ verified: VerifiedState, _ file: OpenFile) -> Fingerprint? {
    verity(file).map { verified.fingerprint($0) }
  }

  /// The fingerprints under which this state can be recorded.
  func fingerprints(_ verified: VerifiedState, _ file: OpenFile) -> [Fingerprint] {
    [sealedFingerprint(verified, file), fingerprint(verified, file)].compactMap { $0 }
  }

  /// Returns a name for a statement about one state of a file, which differs from that of every other state, file and
  /// machine.
  ///
  /// - Returns: `nil` if a later state could have the same name: the file system does not show every change, a process has
  ///   the file open for writing, or it was changed just now.
  package func key(of statement: VerifiedState, _ file: OpenFile) -> Digest? {
    if let sealed = sealedFingerprint(statement, file) { return Digest(.sha256, bytes: sealed.bytes) }
    guard isSettled(statement.identity), let fingerprint = fingerprint(statement, file), hasWriter(file) == false else {
      return nil
    }
    return Digest(.sha256, bytes: fingerprint.bytes)
  }
}
