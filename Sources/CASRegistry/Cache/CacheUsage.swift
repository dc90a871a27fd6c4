import CAS
import CASPlatform
import OCI
import SystemPackage

/// Usage records of the cache, one file for each blob: its mtime is the time of the last use, its lines are the names
/// of the repositories that were seen to have the blob.
///
/// The times of the blob's own file are not changed, because they tell whether its content was.
final class CacheUsage: Sendable {
  /// Age below which a record is not written again; like `relatime`, it saves most writes.
  private static let refreshInterval = Duration.seconds(30)
  /// Uses that this process remembers; the table is emptied when it is full.
  private static let maximumRecentUses = 1 << 16

  let directory: OpenFile
  private struct Use {
    var recorded: Timestamp
    var last: Timestamp
    var repositoryName: String
  }

  /// The longest record that is read, in bytes.
  private static let fileSizeLimit = 64 << 10

  /// Uses by this process, which are more recent than the records say.
  private let recent = Monitor<[Digest: Use]>([:])

  init(_ directory: OpenFile) {
    self.directory = directory
  }

  /// Records that a blob was used now, and that a repository has it. If the record cannot be written, the blob is
  /// evicted earlier.
  func recordUse(of digest: Digest, in repositoryName: String) {
    let isRecorded = recent.withLock(notifying: .none) { recent in
      let now = Timestamp.now
      if let known = recent[digest], (.zero...Self.refreshInterval).contains(.seconds(known.recorded.age)),
        known.repositoryName == repositoryName
      {
        recent[digest]?.last = now
        return true
      }
      if recent.count >= Self.maximumRecentUses { recent = [:] }
      recent[digest] = Use(recorded: now, last: now, repositoryName: repositoryName)
      return false
    }
    if isRecorded { return }
    do throws(Errno) {
      let file = try PrivateDirectory.openFile(Self.name(digest), in: directory)
      let known = try file.contents(limit: Self.fileSizeLimit)
      if Self.repositoryNames(known).contains(repositoryName) {
        try file.touch()
      } else {
        try file.write(Array("\(repositoryName)\n".utf8).span, at: Int64(known.count))
      }
    } catch {
      return
    }
  }

  /// Whether a repository was seen to have a blob.
  func wasSeen(_ digest: Digest, in repositoryName: String) -> Bool {
    let file = try? directory.openBeneath(Self.name(digest), [.readOnly, .nonBlocking])
    guard let content = try? file?.contents(limit: Self.fileSizeLimit) else { return false }
    return Self.repositoryNames(content).contains(repositoryName)
  }

  private static func repositoryNames(_ content: [UInt8]) -> [String] {
    content.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Removes the record of an evicted blob.
  func forget(_ digest: Digest) {
    recent.withLock(notifying: .none) { $0[digest] = nil }
    try? directory.unlink(Self.name(digest))
  }

  /// The time of the last use of every recorded blob.
  func lastUses() -> [Digest: Timestamp] {
    guard let listed = try? directory.openBeneath(".", [.readOnly, .directory]),
      let names = try? DirectoryStream(listed)
    else {
      return [:]
    }
    var lastUses: [Digest: Timestamp] = [:]
    while let name = try? names.next() {
      guard let digest = Self.digest(name), let status = try? directory.status(of: name) else { continue }
      lastUses[digest] = status.identity.modified
    }
    return recent.withLock(notifying: .none) { recent in
      lastUses.merging(recent.mapValues(\.last)) { max($0, $1) }
    }
  }

  /// Acquires an advisory lock by `flock(2)`, without waiting.
  ///
  /// - Returns: the locked file, which holds the lock until it is closed; `nil` if another process has the lock.
  func tryLock(_ name: String) -> OpenFile? {
    guard let file = try? PrivateDirectory.openFile("\(name).lock", in: directory),
      (try? file.tryLock(.exclusive)) == true
    else {
      return nil
    }
    return file
  }

  private static func name(_ digest: Digest) -> String { "used-\(digest.algorithm.rawValue)-\(digest.hex)" }

  private static func digest(_ name: String) -> Digest? {
    let parts = name.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0] == "used", let algorithm = Digest.Algorithm(rawValue: String(parts[1])) else {
      return nil
    }
    return Digest(algorithm, hex: parts[2].utf8.span)
  }
}
