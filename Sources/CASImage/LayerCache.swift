import CAS
import CASCompression
import CASPlatform
package import OCI
import SystemPackage

/// Indexes of layers on disk, one file for each digest, which all processes of a user share.
///
/// A cache is never required: what fails is not cached. The least recently used indexes are removed beyond a size limit.
public final class LayerCache: Sendable {
  /// The default size limit, in bytes.
  public static let defaultSizeLimit: Int64 = 1 << 30

  private let directory: OpenFile
  private let sizeLimit: Int64

  /// Opens the directory of a cache, and creates it if its parent exists.
  ///
  /// - Parameter sizeLimit: in bytes.
  /// - Returns: `nil` if the directory cannot be written, or belongs to another user.
  public init?(path: String, sizeLimit: Int64 = LayerCache.defaultSizeLimit) {
    let parts = FilePath(path)
    guard let name = parts.lastComponent?.string,
      let parent = try? OpenFile.open(path: parts.removingLastComponent().string, [.readOnly, .directory])
    else { return nil }
    try? parent.makeDirectory(name, permissions: 0o700)
    guard let directory = try? parent.openBeneath(name, [.readOnly, .directory]), let status = try? directory.status(),
      status.user == CurrentProcess.effectiveUserID, status.permissions & 0o077 == 0, directory.isWritable()
    else { return nil }
    self.directory = directory
    self.sizeLimit = sizeLimit
  }

  /// Opens the cache of this user: `$XDG_CACHE_HOME/casfs-layers`, or `~/.cache/casfs-layers`.
  ///
  /// - Returns: `nil` if there is none.
  public static func ofUser(
    environment: [String: String], sizeLimit: Int64 = LayerCache.defaultSizeLimit
  ) -> LayerCache? {
    if let path = environment["XDG_CACHE_HOME"], path.hasPrefix("/") {
      makeDirectory(path)
      return LayerCache(path: "\(path)/casfs-layers", sizeLimit: sizeLimit)
    }
    guard let home = environment["HOME"], home.hasPrefix("/") else { return nil }
    makeDirectory("\(home)/.cache")
    return LayerCache(path: "\(home)/.cache/casfs-layers", sizeLimit: sizeLimit)
  }

  /// Creates a directory for this user alone, if it is absent and its parent exists.
  private static func makeDirectory(_ path: String) {
    let parts = FilePath(path)
    guard let name = parts.lastComponent?.string,
      let parent = try? OpenFile.open(path: parts.removingLastComponent().string, [.readOnly, .directory])
    else { return }
    try? parent.makeDirectory(name, permissions: 0o700)
  }

  /// The index of a layer; `nil` if there is none, or it is damaged or of another version, and then it is removed.
  package func index(of blob: Digest) -> LayerIndex? {
    guard let file = try? directory.openBeneath(Self.name(blob), [.readOnly, .nonBlocking]),
      let status = try? file.status(), status.kind == .regular, status.user == CurrentProcess.effectiveUserID
    else { return nil }
    guard let bytes = try? file.contents(limit: Int(clamping: sizeLimit)), let index = try? LayerIndex(parsing: bytes),
      index.blob == blob
    else {
      remove(blob)
      return nil
    }
    try? file.touch()
    return index
  }

  /// Keeps an index, in the place of one of this layer.
  package func store(_ index: LayerIndex) {
    let bytes = index.serialized()
    guard Int64(bytes.count) <= sizeLimit else { return }
    let name = Self.name(index.blob)
    let temporary = "\(name).\(CurrentProcess.id).\(UInt64.random(in: 0...UInt64.max))"
    do throws(Errno) {
      let file = try directory.openBeneath(temporary, [.writeOnly, .createNew], mode: 0o600)
      try file.write(bytes.span)
      try directory.rename(temporary, to: name, in: directory)
    } catch {
      try? directory.unlink(temporary)
    }
    evict()
  }

  /// Removes the index of a layer.
  func remove(_ blob: Digest) {
    try? directory.unlink(Self.name(blob))
  }

  private static func name(_ blob: Digest) -> String { "\(blob.algorithm.rawValue)-\(blob.hex)" }

  /// Removes the least recently used indexes beyond the limit, and temporary files that are older than an hour.
  private func evict() {
    guard let stream = try? DirectoryStream(directory) else { return }
    var files: [(name: String, status: FileStatus)] = []
    var total: Int64 = 0
    while let name = try? stream.next() {
      guard let status = try? directory.status(of: name) else { continue }
      if name.contains("."), status.identity.modified.age > 3600 {
        try? directory.unlink(name)
        continue
      }
      files.append((name, status))
      total += status.size
    }
    for file in files.sorted(by: { $0.status.identity.modified < $1.status.identity.modified }) where total > sizeLimit
    {
      try? directory.unlink(file.name)
      total -= file.status.size
    }
  }
}
