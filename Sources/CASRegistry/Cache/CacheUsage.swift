import CAS
import CASPlatform
import OCI
import SystemPackage

/// When each blob of the cache was last used, and which repositories were seen to have it: the time of a file of its name,
/// and its lines. The blob's own file is left as it is, for its times tell whether it was changed.
final class CacheUsage: Sendable {
  /// So young a mark, in seconds, is not made younger; what this process knows is exact.
  private static let refreshInterval: Int64 = 30
  private static let maximumRecentUses = 1 << 16

  let directory: OpenFile
  private struct Use {
    var recorded: Timestamp
    var last: Timestamp
    var repositoryName: String
  }

  /// The longest list of repositories, in bytes.
  private static let fileSizeLimit = 64 << 10

  /// What this process has used lately.
  private let recent = Monitor<[Digest: Use]>([:])

  init(_ directory: OpenFile) {
    self.directory = directory
  }

  /// Marks a blob as used, and as one that a repository has. What cannot be marked goes the sooner.
  func recordUse(of digest: Digest, in repositoryName: String) {
    let isRecorded = recent.withLock(notifying: .none) { recent in
      let now = Timestamp.now
      if let known = recent[digest], (0...Self.refreshInterval).contains(known.recorded.age),
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

  /// Forgets a blob that is gone.
  func forget(_ digest: Digest) {
    recent.withLock(notifying: .none) { $0[digest] = nil }
    try? directory.unlink(Self.name(digest))
  }

  /// When what is known of was used.
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

  /// Takes a lock, if nobody has it; it goes with what is returned.
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
