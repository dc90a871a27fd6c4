import CAS
import CASDirectory
import CASPlatform
import OCI
import SystemPackage

extension BlobCache {
  /// What is known of how full the cache is.
  struct Eviction {
    /// How many bytes were added since it was last looked whether there are too many; `nil` before the first.
    var added: Int64?
    /// Whether there are too many, and a thread waits until what is too much is no longer in use.
    var isWaiting = false
    var isClosed = false
  }

  private struct Kept {
    var digest: Digest
    var size: Int64
    var used: Timestamp
  }

  /// How many bytes go at least when the disk is full.
  private static let share: Int64 = 16 << 20
  /// How often it is looked for what may go, ten times a second: what was read is kept open for a moment.
  private static let attempts = 20
  /// How long it is waited for what is in use: longer each time.
  private static let pauses = (first: Duration.milliseconds(500), longest: Duration.seconds(4))

  /// Notes that so much was added, and makes room when that is too much.
  func didInsert(_ size: Int64) {
    let mustLook = eviction.withLock(notifying: .none) { eviction in
      // What others add is seen when it is looked.
      let before = eviction.added ?? .max
      let isMuch = before > limit / 20 - size
      eviction.added = isMuch ? 0 : before + size
      return isMuch
    }
    if mustLook, (try? evict()) == false { makeRoomLater() }
  }

  /// Removes what is too much once nobody uses it any more.
  func endMakingRoom() {
    let isTooMuch = eviction.withLock { eviction in
      defer { eviction.isClosed = true }
      return eviction.isWaiting
    }
    if isTooMuch { _ = try? evict() }
  }

  private func makeRoomLater() {
    let isFirst = eviction.withLock(notifying: .none) { eviction in
      defer { eviction.isWaiting = true }
      return !eviction.isWaiting
    }
    guard isFirst else { return }
    // Without a thread it is done at the end.
    try? Thread.start("casfs-room") { [eviction, weak self] in
      var pause = Self.pauses.first
      repeat {
        if eviction.wait(for: pause, until: \.isClosed) { return }
        pause = min(pause * 2, Self.pauses.longest)
      } while (try? self?.evict()) == false
      eviction.withLock(notifying: .none) { $0.isWaiting = false }
    }
  }

  /// Removes what was not used for the longest time, as long as there is too much; what is in use stays. One process does
  /// that at a time.
  ///
  /// - Returns: whether there is no longer too much.
  private func evict() throws(CASError) -> Bool {
    let folders = try folders()
    guard let lock = folders.usage.lock("room") else { return false }
    defer { withExtendedLifetime(lock) {} }
    let blobs = try kept(folders)
    // What cannot stay is not in the way of the others.
    var isEnough = true
    for blob in blobs where blob.size > limit {
      if try !remove(blob.digest, folders) { isEnough = false }
    }
    let others = blobs.filter { $0.size <= limit }
    // Files without content can be as long as numbers go.
    var total = others.reduce(Int128(0)) { $0 + Int128($1.size) }
    guard total > limit else { return isEnough }
    for blob in others where total > limit / 10 * 9 {
      if try remove(blob.digest, folders) { total -= Int128(blob.size) }
    }
    return isEnough && total <= limit
  }

  /// Removes a part of what was not used for the longest time, and is not in use, whatever the limit is.
  ///
  /// - Returns: whether anything went.
  func evictForFullDisk() -> Bool {
    var freed = Int128(0)
    for _ in 0..<Self.attempts {
      guard let folders = try? folders() else { break }
      if let lock = folders.usage.lock("room") {
        defer { withExtendedLifetime(lock) {} }
        guard let blobs = try? kept(folders), !blobs.isEmpty else { break }
        let tenth = blobs.reduce(Int128(0)) { $0 + Int128($1.size) } / 10
        for blob in blobs where freed < max(tenth, Int128(Self.share)) {
          if (try? remove(blob.digest, folders)) == true { freed += Int128(blob.size) }
        }
      }
      if freed >= Self.share { break }
      Thread.sleep(for: .milliseconds(100))
    }
    return freed > 0
  }

  /// What is in the cache; what was not used for the longest time is first.
  private func kept(_ folders: CacheFolders) throws(CASError) -> [Kept] {
    var blobs: [Kept] = []
    let marks = folders.usage.all()
    try folders.store.forEachBlob { (digest) throws(CASError) in
      guard let info = try? folders.store.blobInfo(digest) else { return }
      blobs.append(Kept(digest: digest, size: info.size, used: max(info.modified, marks[digest] ?? info.modified)))
    }
    return blobs.sorted { $0.used < $1.used }
  }

  /// - Returns: whether it is gone; else it is in use.
  private func remove(_ digest: Digest, _ folders: CacheFolders) throws(CASError) -> Bool {
    if let file = try folders.store.uncheckedFile(digest) {
      guard (try? file.tryLock(.exclusive)) ?? true else { return false }
      try folders.store.deleteBlob(digest)
    }
    folders.usage.forget(digest)
    return true
  }
}
