import CASPlatform
import SystemPackage

/// The file of a record: a header, and a set-associative table of fingerprints, which is sparse and does not grow.
///
/// Lookups read one bucket, so that nothing of it is in memory. A change writes one slot, so that several processes can
/// use the file without a lock: of two that write one slot concurrently, one entry remains.
struct RecordFile: Sendable {
  /// The number of buckets; with 64 slots each the table has 262,144 entries in 16 MiB.
  static let bucketCount: UInt64 = 4096
  /// The first line, with the version of the format. The table begins after the length of a bucket.
  static let header = Array("casfs verified 1\n".utf8)

  private let file: OpenFile

  /// Opens the file.
  ///
  /// - Parameter creates: whether a missing file, or one of another format, is replaced by an empty one.
  /// - Returns: `nil` if there is none, and it is not created.
  /// - Throws: EACCES for a file of another user, or one that another user can write or read; EINVAL if it is not a regular
  ///   file.
  static func open(_ path: String, creates: Bool) throws(Errno) -> RecordFile? {
    if let file = try existing(path), try hasHeader(file) { return RecordFile(file: file) }
    return creates ? RecordFile(file: try create(path)) : nil
  }

  private static func existing(_ path: String) throws(Errno) -> OpenFile? {
    let file: OpenFile
    do throws(Errno) {
      file = try OpenFile.open(path: path, [.readWrite, .noFollow, .nonBlocking])
    } catch {
      guard error == .noSuchFileOrDirectory else { throw error }
      return nil
    }
    let status = try file.status()
    guard status.kind == .regular else { throw .invalidArgument }
    guard status.user == CurrentProcess.effectiveUserID, status.permissions & 0o077 == 0, status.links == 1 else {
      throw .permissionDenied
    }
    return file
  }

  private static func hasHeader(_ file: OpenFile) throws(Errno) -> Bool {
    try file.beginning(limit: header.count) == header
  }

  private static func create(_ path: String) throws(Errno) -> OpenFile {
    let path = FilePath(path)
    guard let name = path.lastComponent?.string else { throw .invalidArgument }
    let directory = try openDirectory(path.removingLastComponent())
    let temporary = "\(name).\(String(UInt64.random(in: 0...UInt64.max), radix: 16))"
    let file = try directory.openBeneath(temporary, [.readWrite, .createNew], mode: 0o600)
    do throws(Errno) {
      try file.write(header.span)
      try file.truncate(to: Int64(bucketCount + 1) * Int64(RecordBucket.size))
      // If two processes create it concurrently, the later one wins, and the entries of the earlier are lost.
      try directory.rename(temporary, to: name, in: directory)
    } catch {
      try? directory.unlink(temporary)
      throw error
    }
    return file
  }

  /// Opens the user's directory for caches, and creates it if it is missing.
  private static func openDirectory(_ path: FilePath) throws(Errno) -> OpenFile {
    do throws(Errno) {
      return try OpenFile.open(path: path.string, [.readOnly, .directory])
    } catch {
      guard error == .noSuchFileOrDirectory, let name = path.lastComponent?.string else { throw error }
      let parent = try OpenFile.open(path: path.removingLastComponent().string, [.readOnly, .directory])
      try? parent.makeDirectory(name, permissions: 0o700)
      return try parent.openBeneath(name, [.readOnly, .directory])
    }
  }

  /// Whether the table has a fingerprint, entered not later than `now`, in seconds since 1970.
  func contains(_ fingerprint: Fingerprint, now: Int64) throws(Errno) -> Bool {
    try bucket(of: fingerprint).contains(fingerprint, now: now)
  }

  /// Enters a fingerprint.
  func insert(_ fingerprint: Fingerprint, now: Int64) throws(Errno) {
    let index = try bucket(of: fingerprint).slot(for: fingerprint)
    try write(RecordBucket.slot(fingerprint, seconds: now), to: index, fingerprint)
  }

  /// Removes a fingerprint, durably.
  func remove(_ fingerprint: Fingerprint) throws(Errno) {
    let slots = try bucket(of: fingerprint).slots(of: fingerprint)
    if slots.isEmpty { return }
    for index in slots { try write([UInt8](repeating: 0, count: RecordBucket.slotSize), to: index, fingerprint) }
    try file.synchronize()
  }

  private func bucket(of fingerprint: Fingerprint) throws(Errno) -> RecordBucket {
    var bytes = [UInt8](repeating: 0, count: RecordBucket.size)
    var span = bytes.mutableSpan
    // Beyond the end of a file that was cut, the rest stays zero.
    _ = try file.read(into: &span, at: Self.offset(of: fingerprint))
    return RecordBucket(bytes)
  }

  private func write(_ slot: [UInt8], to index: Int, _ fingerprint: Fingerprint) throws(Errno) {
    try file.write(slot.span, at: Self.offset(of: fingerprint) + Int64(index * RecordBucket.slotSize))
  }

  /// The offset of a fingerprint's bucket.
  static func offset(of fingerprint: Fingerprint) -> Int64 {
    let number = fingerprint.bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return Int64(number % bucketCount + 1) * Int64(RecordBucket.size)
  }
}
