package import CASPlatform
import Logging
package import OCI
import SystemPackage

/// The verification of stored copies. Each state of a copy is hashed once, by one thread, for all callers that open it.
package final class Verifier: Sendable {
  private struct Key: Hashable {
    var digest: Digest
    var identity: FileIdentity
  }

  /// One file, in whatever state: a file that changes all the time is still hashed by one thread at a time.
  private struct Place: Hashable {
    var digest: Digest
    var device: UInt64
    var inode: UInt64

    init(_ key: Key) {
      (digest, device, inode) = (key.digest, key.identity.device, key.identity.inode)
    }
  }

  /// The result of hashing one copy.
  private struct Check {
    /// The state of the copy when hashing began.
    var first: FileIdentity
    /// The state that has the content, which may be a later one.
    var outcome: Result<FileIdentity, CASError>
  }

  private struct State {
    var known = VerifiedCopies()
    /// Mismatches that were logged.
    var reported: Set<Key> = []
  }

  /// Content up to this length, in bytes, is hashed by the thread that opens it: starting another takes as long.
  private static let longSize: Int64 = 1 << 20
  /// How many mismatches are remembered, so that each is logged once.
  private static let reportLimit = 10_000

  private let state = Monitor(State())
  private let checks = Singleflight<Place, Check>()
  private let stop = CancellationToken()
  private let logger = Logger(label: "casfs")
  /// The record of verified states, from which damaged ones are removed with any setting of verification.
  let record: VerificationRecord?
  /// Set if verified states are recorded.
  private let queue: RecordQueue?

  /// Makes a verifier to which no copy is known.
  ///
  /// - Parameter remembers: whether it uses the record, and adds to it.
  package init(_ record: VerificationRecord? = nil, remembers: Bool = false) {
    self.record = record
    queue = remembers ? record.map(RecordQueue.init) : nil
  }

  /// Makes a verifier for a store.
  package convenience init(_ options: OpenOptions) {
    self.init(
      options.recordPath.map { VerificationRecord(path: $0) }, remembers: options.verification == .remember)
  }

  /// Whether verified states are recorded, for other processes.
  package var remembers: Bool { queue != nil }

  /// The verified copy of a digest, if there is one.
  package func known(_ digest: Digest) -> VerifiedCopies.Copy? {
    state.withLock(notifying: .none) { $0.known[digest] }
  }

  /// Remembers that a file in this state has the content of the digest.
  package func remember(_ digest: Digest, _ identity: FileIdentity, isDurable: Bool) {
    state.withLock(notifying: .none) {
      $0.known.remember(digest, VerifiedCopies.Copy(identity: identity, isDurable: isDurable))
    }
  }

  /// Remembers a state whose content was verified, and records it for other processes.
  func remember(_ verified: VerifiedState, _ candidate: VerificationRecord.Candidate?) {
    remember(verified.digest, verified.identity, isDurable: false)
    if let candidate { queue?.submit(candidate) }
  }

  /// Forgets the verified copy of a digest.
  package func forget(_ digest: Digest) {
    state.withLock(notifying: .none) { $0.known.forget(digest) }
  }

  /// Whether the blob could be opened without hashing it.
  ///
  /// - Parameter version: the state of the stored copy, as ``FileIdentity/version``, where it is known.
  package func isProbablyVerified(_ digest: Digest, version: UInt64?, _ verification: Verification) -> Bool {
    switch verification {
    case .never: return true
    case .always: return false
    case .once, .remember:
      guard let copy = known(digest) else { return false }
      return version == nil || version == copy.identity.version
    }
  }

  /// Verifies a file as the store was opened: never, once for each state, also of other processes, or each time.
  ///
  /// - Parameter identity: the state in which the file was opened.
  /// - Parameter region: the place of the content in the file, the same in each call; `nil` is the whole file.
  /// - Returns: the state that has the content.
  /// - Throws: ``CASError/Code-swift.struct/corrupt``; ``CASError/Code-swift.struct/cancelled``;
  ///   ``CASError/Code-swift.struct/closed``; `io` when the file cannot be read or is still being written.
  package func ensure(
    _ file: OpenFile, _ identity: FileIdentity, region: Range<Int64>? = nil, is digest: Digest,
    _ verification: Verification, _ context: OperationContext
  ) throws(CASError) -> FileIdentity {
    if verification == .never { return identity }
    try context.checkCancellation()
    if recall(digest, file, identity, region: region) { return identity }
    return try verify(
      file, identity, region: region, is: digest, ignoringCache: verification == .always, context)
  }

  /// Cancels the checks that are running, and waits until finished ones are recorded.
  package func close() {
    stop.cancel()
    queue?.finish()
  }

  /// Hashes a file and compares the result with a digest, unless this state of the file is known to be good.
  ///
  /// - Parameter region: the place of the content in the file, the same in each call; `nil` is the whole file.
  /// - Parameter ignoringCache: hashes the file in any case, for this caller alone.
  /// - Returns: the state that has the content.
  /// - Throws: as ``ensure(_:_:region:is:_:_:)``.
  package func verify(
    _ file: OpenFile, _ identity: FileIdentity, region: Range<Int64>? = nil, is digest: Digest,
    ignoringCache: Bool = false, _ context: OperationContext
  ) throws(CASError) -> FileIdentity {
    var key = Key(digest: digest, identity: identity)
    if ignoringCache { return try check(file, region, key, context).get() }
    while true {
      if known(digest)?.identity == key.identity { return key.identity }
      let check = try sharedCheck(of: key, file, region, context)
      if case .success(let found) = check.outcome, found == key.identity { return found }
      if check.first == key.identity {
        do throws(CASError) {
          return try check.outcome.get()
        } catch {
          throw error.during(context)
        }
      }
      // A check of an earlier state: its result does not apply to this one.
      key.identity = try mappingErrno(context, try file.status().identity)
    }
  }

  /// Waits for the check of a file that another caller started, or starts one.
  private func sharedCheck(
    of key: Key, _ file: OpenFile, _ region: Range<Int64>?, _ context: OperationContext
  ) throws(CASError) -> Check {
    let isLong = (region?.size ?? key.identity.size) > Self.longSize
    return try checks.value(for: Place(key), context, threadName: isLong ? "casfs-verify" : nil) { [self] in
      // Another check may have ended after this caller looked.
      if known(key.digest)?.identity == key.identity {
        return Check(first: key.identity, outcome: .success(key.identity))
      }
      let context = OperationContext("read blob", on: key.digest, cancellation: stop)
      let candidate = candidate(VerifiedState(key.digest, key.identity, region: region), file)
      var outcome = check(file, region, key, context)
      if case .success(let identity) = outcome {
        remember(VerifiedState(key.digest, identity, region: region), identity == key.identity ? candidate : nil)
      } else if stop.isCancelled {
        outcome = .failure(.closed(context))
      }
      return Check(first: key.identity, outcome: outcome)
    }
  }

  /// Hashes a file, and logs a mismatch once.
  private func check(
    _ file: OpenFile, _ region: Range<Int64>?, _ key: Key, _ context: OperationContext
  ) -> Result<FileIdentity, CASError> {
    do throws(CASError) {
      return .success(
        try ContentCheck(file: file, region: region, digest: key.digest, context).run(key.identity))
    } catch {
      if let corruption = error.corruption {
        report(corruption, key)
        discredit(key.digest, file, key.identity, region: region)
      }
      return .failure(error)
    }
  }

  /// Logs content that another pass found to be corrupt, once for each state of its file.
  package func report(_ corruption: CASError.Corruption, _ identity: FileIdentity) {
    report(corruption, Key(digest: corruption.expected, identity: identity))
  }

  private func report(_ corruption: CASError.Corruption, _ key: Key) {
    let isNew = state.withLock(notifying: .none) { (state) in
      if state.reported.count >= Self.reportLimit { state.reported = [] }
      return state.reported.insert(key).inserted
    }
    if isNew {
      logger.error("blob \(corruption.expected) is corrupt: the stored content has the digest \(corruption.actual)")
    }
  }
}
