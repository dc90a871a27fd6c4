package import CASPlatform
import Logging
import OCI
import SystemPackage

/// A record of verified states of files, which lasts across processes: ``Verification/remember``.
///
/// An entry is made only for content that was hashed and is durable, of a file that no process was writing, and whose times
/// show every later change; or of a file that was sealed while it was hashed, whose content cannot change. The record is
/// never required: what fails is hashed.
package final class VerificationRecord: Sendable {
  /// A state that can be recorded once its content was verified.
  package struct Candidate: Sendable {
    let file: OpenFile
    let identity: FileIdentity
    let fingerprint: Fingerprint
  }

  private enum Opening {
    case due
    case opened(RecordFile)
    /// There is none; it is created for the first entry.
    case absent
    case failed
  }

  private struct State {
    var opening = Opening.due
    var hasReportedFileSystem = false
  }

  /// The length, in bytes, below which content is not recorded: hashing it takes less time than an entry.
  package static let leastSize: Int64 = 64 << 10
  /// The time before the present, in milliseconds, in which a change can have the time of a later one: the clock for times
  /// of files advances by up to 10 ms.
  package static let tick: UInt32 = 100

  private let path: String
  private let system: RecordSystem
  private let state = Monitor(State())
  private let logger = Logger(label: "casfs")

  /// Names the file of a record, which is opened when it is needed.
  package init(path: String, _ system: RecordSystem = .current) {
    self.path = path
    self.system = system
  }

  /// The file of this user's record, from environment variables (XDG Base Directory Specification):
  /// `$XDG_CACHE_HOME/casfs-verified`, or `~/.cache/casfs-verified`; without a home directory, as during boot,
  /// `/var/cache/casfs-verified` for the superuser, and `nil` for others.
  package static func userPath(environment: [String: String]) -> String? {
    let name = "casfs-verified"
    if let path = environment["XDG_CACHE_HOME"], path.hasPrefix("/") { return "\(path)/\(name)" }
    if let home = environment["HOME"], home.hasPrefix("/") { return "\(home)/.cache/\(name)" }
    return CurrentProcess.effectiveUserID == 0 ? "/var/cache/\(name)" : nil
  }

  /// Whether the content of an open file was verified in the state that it has.
  package func contains(_ verified: VerifiedState, _ file: OpenFile) -> Bool {
    guard isWorthwhile(verified), let record = openFile(creates: false) else { return false }
    let now = system.now().seconds
    return system.fingerprints(verified, file).contains { (try? record.contains($0, now: now)) ?? false }
  }

  /// The candidate for a state whose content is about to be hashed; `nil` if a change could escape its times, or a process
  /// has the file open for writing, which may be mapped to its memory.
  package func candidate(_ verified: VerifiedState, _ file: OpenFile) -> Candidate? {
    guard isWorthwhile(verified) else { return nil }
    if let sealed = system.sealedFingerprint(verified, file) {
      return Candidate(file: file, identity: verified.identity, fingerprint: sealed)
    }
    guard system.isSettled(verified.identity) else { return nil }
    if let origin = system.origin(file), !origin.isStable { reportFileSystem() }
    guard let fingerprint = system.fingerprint(verified, file),
      system.hasWriter(file) == false
    else { return nil }
    return Candidate(file: file, identity: verified.identity, fingerprint: fingerprint)
  }

  /// Records a candidate whose content was verified, after `fsync(2)`: what only the kernel's cache has can be lost in a
  /// power cut, and leave a file with these times.
  package func insert(_ candidate: Candidate) {
    guard system.synchronize(candidate.file), let status = try? candidate.file.status(),
      status.identity == candidate.identity
    else { return }
    insert(candidate.fingerprint)
  }

  /// Records content that this process stored durably.
  ///
  /// - Parameter modified: the time of modification that it gave the file, before the file got its name. A later change sets
  ///   another one.
  package func insertStored(_ verified: VerifiedState, _ file: OpenFile, modified: Timestamp) {
    guard isWorthwhile(verified), verified.identity.modified == modified, modified < verified.identity.changed,
      let fingerprint = system.fingerprint(verified, file)
    else { return }
    insert(fingerprint)
  }

  /// Removes a state whose content was found to be damaged, if there is a record.
  package func remove(_ verified: VerifiedState, _ file: OpenFile) {
    let fingerprints = isWorthwhile(verified) ? system.fingerprints(verified, file) : []
    if fingerprints.isEmpty { return }
    // Another process may have created the file since this one looked for it. An unusable one is believed by none.
    guard let record = try? RecordFile.open(path, creates: false) else { return }
    do throws(Errno) {
      for fingerprint in fingerprints { try record.remove(fingerprint) }
    } catch {
      logger.warning("\(path): cannot remove the entry of \(verified.digest): \(error)")
    }
  }

  private func insert(_ fingerprint: Fingerprint) {
    guard let record = openFile(creates: true) else { return }
    do throws(Errno) {
      try record.insert(fingerprint, now: system.now().seconds)
    } catch {
      fail(error)
    }
  }

  private func isWorthwhile(_ verified: VerifiedState) -> Bool { verified.size >= Self.leastSize }

  private func reportFileSystem() {
    let isNew = state.withLock(notifying: .none) { (state) in
      defer { state.hasReportedFileSystem = true }
      return !state.hasReportedFileSystem
    }
    if isNew { logger.notice("nothing is remembered of files that are not on ext4, XFS or Btrfs") }
  }

  private func openFile(creates: Bool) -> RecordFile? {
    state.withLock(notifying: .none) { (state) in
      switch state.opening {
      case .opened(let file): return file
      case .failed: return nil
      case .absent where !creates: return nil
      case .absent, .due: break
      }
      do throws(Errno) {
        let file = try RecordFile.open(path, creates: creates)
        state.opening = file.map(Opening.opened) ?? .absent
        return file
      } catch {
        report(error)
        state.opening = .failed
        return nil
      }
    }
  }

  private func fail(_ error: Errno) {
    let isNew = state.withLock(notifying: .none) { (state) in
      if case .failed = state.opening { return false }
      state.opening = .failed
      return true
    }
    if isNew { report(error) }
  }

  private func report(_ error: Errno) {
    logger.warning("\(path): unusable, so nothing is remembered: \(error)")
  }
}
