package import CASPlatform
import Logging
package import OCI
import SystemPackage

/// Finds out whether stored copies are what their digests say: each state of a copy is hashed once, by one thread,
/// for all who want to know.
package final class Verifier: Sendable {
  private struct Key: Hashable {
    var digest: Digest
    var identity: FileIdentity
  }

  /// One file, in whatever state.
  private struct Place: Hashable {
    var digest: Digest
    var device: UInt64
    var inode: UInt64

    init(_ key: Key) {
      (digest, device, inode) = (key.digest, key.identity.device, key.identity.inode)
    }
  }

  /// One copy being hashed; those who wait for it look here.
  private final class Check: Sendable {
    /// The state in which it was when that began.
    let first: FileIdentity
    let outcome = Monitor<Result<FileIdentity, CASError>?>(nil)

    init(_ first: FileIdentity) {
      self.first = first
    }
  }

  private struct State {
    var known = VerifiedCopies()
    /// A file that changes all the time is hashed by one thread all the same.
    var running: [Place: Check] = [:]
    var reported: Set<Key> = []
  }

  /// Shorter content is hashed by the thread that wants it: starting another would take as long.
  private static let longSize: Int64 = 1 << 20
  /// How often who waits looks whether it was cancelled.
  private static let pollInterval = Duration.milliseconds(20)
  /// How many mismatches are remembered, so that each is logged once.
  private static let reportLimit = 10_000

  private let state = Monitor(State())
  private let stop = CancellationToken()
  private let logger = Logger(label: "casfs")

  /// Knows nothing yet.
  package init() {}

  /// The copy that is known to be good, if this digest has one.
  package func known(_ digest: Digest) -> VerifiedCopies.Copy? {
    state.withLock { $0.known[digest] }
  }

  /// Notes that a file in this state has the content of the digest.
  package func remember(_ digest: Digest, _ identity: FileIdentity, isDurable: Bool) {
    state.withLock { $0.known.remember(digest, VerifiedCopies.Copy(identity: identity, isDurable: isDurable)) }
  }

  /// Forgets what is known of the copies of a digest.
  package func forget(_ digest: Digest) {
    state.withLock { $0.known.forget(digest) }
  }

  /// Whether opening the blob would not have to hash it.
  ///
  /// - Parameter version: the state of the stored copy, as ``FileIdentity/version``, where it is known.
  package func isProbablyVerified(_ digest: Digest, version: UInt64?, _ verification: Verification) -> Bool {
    switch verification {
    case .never: return true
    case .always: return false
    case .once:
      guard let copy = known(digest) else { return false }
      return version == nil || version == copy.identity.version
    }
  }

  /// Makes sure that a file has the content of a digest, as far as the store was opened to.
  ///
  /// - Returns: the state in which it has.
  package func ensure(
    _ file: OpenFile, _ identity: FileIdentity, region: Range<Int64>? = nil, is digest: Digest,
    _ verification: Verification, _ context: OperationContext
  ) throws(CASError) -> FileIdentity {
    if verification == .never { return identity }
    try context.checkCancellation()
    return try verify(
      file, identity, region: region, is: digest, ignoringCache: verification == .always, context)
  }

  /// Stops whatever is being hashed for nobody.
  package func close() {
    stop.cancel()
  }

  /// Makes sure that a file has the content of a digest, hashing it unless that is known.
  ///
  /// - Parameter region: where in the file that digest's content is, always the same; `nil` is the whole file.
  /// - Parameter afresh: hash it in any case.
  /// - Returns: the state in which it has.
  package func verify(
    _ file: OpenFile, _ identity: FileIdentity, region: Range<Int64>? = nil, is digest: Digest,
    ignoringCache: Bool = false, _ context: OperationContext
  ) throws(CASError) -> FileIdentity {
    var key = Key(digest: digest, identity: identity)
    if ignoringCache { return try report(check(file, region, key, context), key).get() }
    while true {
      guard let (check, outcome) = try outcome(of: key, file, region, context) else {
        return key.identity
      }
      if case .success(let found) = outcome, found == key.identity { return found }
      if check.first == key.identity {
        do throws(CASError) {
          return try outcome.get()
        } catch {
          throw error.during(context)
        }
      }
      // It began with another state, and says nothing of this one.
      key.identity = try mappingErrno(context) { () throws(Errno) in try file.status().identity }
    }
  }

  /// Waits until a file is hashed; `nil` when the state it is in is known to be good.
  private func outcome(
    of key: Key, _ file: OpenFile, _ region: Range<Int64>?, _ context: OperationContext
  ) throws(CASError) -> (Check, Result<FileIdentity, CASError>)? {
    let (check, isNew) = state.withLock { (state) -> (Check?, Bool) in
      if state.known[key.digest]?.identity == key.identity { return (nil, false) }
      if let running = state.running[Place(key)] { return (running, false) }
      let check = Check(key.identity)
      state.running[Place(key)] = check
      return (check, true)
    }
    guard let check else { return nil }
    if isNew { start(check, key, file, region) }
    while !check.outcome.wait(for: Self.pollInterval, until: { $0 != nil }) {
      try context.checkCancellation()
    }
    return check.outcome.withLock { $0 }.map { (check, $0) }
  }

  private func start(_ check: Check, _ key: Key, _ file: OpenFile, _ region: Range<Int64>?) {
    // On a thread of its own a long check goes on for others when the one who asked first is cancelled.
    if (region.map { $0.upperBound - $0.lowerBound } ?? key.identity.size) > Self.longSize,
      (try? Thread.start("casfs-verify", { self.run(check, key, file, region) })) != nil
    {
      return
    }
    run(check, key, file, region)
  }

  private func run(_ running: Check, _ key: Key, _ file: OpenFile, _ region: Range<Int64>?) {
    let context = OperationContext("read blob", on: key.digest, cancellation: stop)
    var outcome = report(check(file, region, key, context), key)
    if stop.isCancelled, case .failure = outcome {
      outcome = .failure(.closed(context))
    }
    state.withLock { (state) in
      state.running[Place(key)] = nil
      if case .success(let identity) = outcome {
        state.known.remember(key.digest, VerifiedCopies.Copy(identity: identity, isDurable: false))
      }
    }
    running.outcome.withLock { $0 = outcome }
  }

  private func check(
    _ file: OpenFile, _ region: Range<Int64>?, _ key: Key, _ context: OperationContext
  ) -> Result<FileIdentity, CASError> {
    Result { () throws(CASError) in
      try ContentCheck(
        file: file, region: region, digest: key.digest, context
      ).run(key.identity)
    }
  }

  /// Logs a mismatch, each once.
  private func report(
    _ outcome: Result<FileIdentity, CASError>, _ key: Key
  ) -> Result<FileIdentity, CASError> {
    guard case .failure(let error) = outcome, let corruption = error.corruption else {
      return outcome
    }
    let isNews = state.withLock { (state) in
      if state.reported.count >= Self.reportLimit { state.reported = [] }
      state.known.forget(key.digest)
      return state.reported.insert(key).inserted
    }
    if isNews {
      logger.error("blob \(corruption.expected) is corrupt: the stored content has the digest \(corruption.actual)")
    }
    return outcome
  }
}
