import CAS
import CASPlatform
import OCI
import SystemPackage

/// When each blob of the cache was last used, and which repositories were seen to have it: the time of a file of its name,
/// and its lines. The blob's own file is left as it is, for its times tell whether it was changed.
final class CacheUsage: Sendable {
  /// So young a mark, in seconds, is not made younger; what this process knows is exact.
  private static let refreshInterval: Int64 = 30
  private static let limit = 1 << 16

  let folder: OpenFile
  private struct Use {
    var marked: Timestamp
    var last: Timestamp
    var repositoryName: String
  }

  /// The longest list of repositories, in bytes.
  private static let sizeLimit = 64 << 10

  /// What this process has used lately.
  private let recent = Monitor<[Digest: Use]>([:])

  init(_ folder: OpenFile) {
    self.folder = folder
  }

  /// Marks a blob as used, and as one that a repository has. What cannot be marked goes the sooner.
  func note(_ digest: Digest, in repositoryName: String) {
    let isMarked = recent.withLock(notifying: .none) { recent in
      let now = Timestamp.now
      if let known = recent[digest], (0...Self.refreshInterval).contains(known.marked.age),
        known.repositoryName == repositoryName
      {
        recent[digest]?.last = now
        return true
      }
      if recent.count >= Self.limit { recent = [:] }
      recent[digest] = Use(marked: now, last: now, repositoryName: repositoryName)
      return false
    }
    if isMarked { return }
    do throws(Errno) {
      let file = try CacheFolder.file(Self.name(digest), in: folder)
      let known = try file.contents(limit: Self.sizeLimit)
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
  func has(_ digest: Digest, in repositoryName: String) -> Bool {
    let file = try? folder.openBeneath(Self.name(digest), [.readOnly, .nonBlocking])
    guard let content = try? file?.contents(limit: Self.sizeLimit) else { return false }
    return Self.repositoryNames(content).contains(repositoryName)
  }

  private static func repositoryNames(_ content: [UInt8]) -> [String] {
    content.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Forgets a blob that is gone.
  func forget(_ digest: Digest) {
    recent.withLock(notifying: .none) { $0[digest] = nil }
    try? folder.unlink(Self.name(digest))
  }

  /// When what is known of was used.
  func all() -> [Digest: Timestamp] {
    guard let own = try? folder.openBeneath(".", [.readOnly, .directory]), let names = try? DirectoryStream(own) else {
      return [:]
    }
    var marks: [Digest: Timestamp] = [:]
    while let name = try? names.next() {
      guard let digest = Self.digest(name), let status = try? folder.status(of: name) else { continue }
      marks[digest] = status.identity.modified
    }
    return recent.withLock(notifying: .none) { recent in
      marks.merging(recent.mapValues(\.last)) { max($0, $1) }
    }
  }

  /// Takes a lock, if nobody has it; it goes with what is returned.
  func lock(_ name: String) -> OpenFile? {
    guard let file = try? CacheFolder.file("\(name).lock", in: folder), (try? file.tryLock(.exclusive)) == true
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

/// Folders that are the user's alone.
enum CacheFolder {
  /// Opens a folder, and makes it, and those above it, when it is not there; nobody else may look into it.
  static func open(_ path: String) throws(CASError) -> OpenFile {
    do throws(Errno) {
      let folder = try opened(path)
      if try folder.status().permissions & 0o077 != 0 { try folder.setPermissions(0o700) }
      return folder
    } catch {
      throw CASError(.io(error), operation: "open cache", subject: path, cause: "\(path): \(error)")
    }
  }

  private static func opened(_ path: String) throws(Errno) -> OpenFile {
    do throws(Errno) {
      return try OpenFile.open(path: path, [.readOnly, .directory])
    } catch {
      let parts = path.split(separator: "/").map(String.init)
      guard error == .noSuchFileOrDirectory, let name = parts.last else { throw error }
      let parent = try opened("/" + parts.dropLast().joined(separator: "/"))
      do throws(Errno) {
        try parent.makeDirectory(name, permissions: 0o700)
      } catch {
        guard error == .fileExists else { throw error }
      }
      return try parent.openBeneath(name, [.readOnly, .directory])
    }
  }

  /// A file, made when it is not there.
  static func file(_ name: String, in folder: OpenFile) throws(Errno) -> OpenFile {
    do throws(Errno) {
      return try folder.openBeneath(name, [.readWrite, .createNew], mode: 0o600)
    } catch {
      guard error == .fileExists else { throw error }
      return try folder.openBeneath(name, [.readWrite, .nonBlocking])
    }
  }
}
