import CAS
import CASDirectory
import CASPlatform
import OCI
import SystemPackage

extension BlobCache {
  /// What is known of how full the cache is.
  struct Eviction {
    /// How many bytes were added since it was last looked whether there are too many; `nil` before the first.
    var insertedBytes: Int64?
    /// Whether there are too many, and a thread waits until what is too much is no longer in use.
    var isScheduled = false
    var isClosed = false
  }

  private struct CachedBlob {
    var digest: Digest
    var size: Int64
    var lastUse: Timestamp
  }

  private static let lockName = "room"
  /// How many bytes go at least when the disk is full.
  private static let minimumFreedBytes: Int64 = 16 << 20
  /// How often it is looked for what may go, ten times a second: what was read is kept open for a moment.
  private static let maximumFullDiskAttempts = 20
  /// How long it is waited for what is in use: longer each time.
  private static let retryIntervals = (first: Duration.milliseconds(500), longest: Duration.seconds(4))

  /// Notes that so much was added, and makes room when that is too much.
  func didInsert(bytes: Int64) {
    let isDue = eviction.withLock(notifying: .none) { eviction in
      // What others add is seen when it is looked.
      let before = eviction.insertedBytes ?? .max
      let isDue = before > sizeLimit / 20 - bytes
      eviction.insertedBytes = isDue ? 0 : before + bytes
      return isDue
    }
    if isDue, (try? evict()) == false { scheduleEviction() }
  }

  /// Removes what is too much once nobody uses it any more.
  func finishEviction() {
    let isOverLimit = eviction.withLock { eviction in
      defer { eviction.isClosed = true }
      return eviction.isScheduled
    }
    if isOverLimit { _ = try? evict() }
  }

  private func scheduleEviction() {
    let isFirst = eviction.withLock(notifying: .none) { eviction in
      defer { eviction.isScheduled = true }
      return !eviction.isScheduled
    }
    guard isFirst else { return }
    // Without a thread it is done at the end.
    try? Thread.start("casfs-evict") { [eviction, weak self] in
      var interval = Self.retryIntervals.first
      repeat {
        if eviction.wait(for: interval, until: \.isClosed) { return }
        interval = min(interval * 2, Self.retryIntervals.longest)
      } while (try? self?.evict()) == false
      eviction.withLock(notifying: .none) { $0.isScheduled = false }
    }
  }

  /// Removes what was not used for the longest time, as long as there is too much; what is in use stays. One process does
  /// that at a time.
  ///
  /// - Returns: whether there is no longer too much.
  private func evict() throws(CASError) -> Bool {
    let cache = try openedCache()
    guard let lock = cache.usage.tryLock(Self.lockName) else { return false }
    defer { withExtendedLifetime(lock) {} }
    let blobs = try blobsByLastUse(cache)
    // What cannot stay is not in the way of the others.
    var isWithinLimit = true
    for blob in blobs where blob.size > sizeLimit {
      if try !remove(blob.digest, cache) { isWithinLimit = false }
    }
    let others = blobs.filter { $0.size <= sizeLimit }
    // Files without content can be as long as numbers go.
    var total = others.reduce(Int128(0)) { $0 + Int128($1.size) }
    guard total > sizeLimit else { return isWithinLimit }
    for blob in others where total > sizeLimit / 10 * 9 {
      if try remove(blob.digest, cache) { total -= Int128(blob.size) }
    }
    return isWithinLimit && total <= sizeLimit
  }

  /// Removes a part of what was not used for the longest time, and is not in use, whatever the limit is.
  ///
  /// - Returns: whether anything went.
  func evictForFullDisk() -> Bool {
    var freed = Int128(0)
    for _ in 0..<Self.maximumFullDiskAttempts {
      guard let cache = try? openedCache() else { break }
      if let lock = cache.usage.tryLock(Self.lockName) {
        defer { withExtendedLifetime(lock) {} }
        guard let blobs = try? blobsByLastUse(cache), !blobs.isEmpty else { break }
        let tenth = blobs.reduce(Int128(0)) { $0 + Int128($1.size) } / 10
        for blob in blobs where freed < max(tenth, Int128(Self.minimumFreedBytes)) {
          if (try? remove(blob.digest, cache)) == true { freed += Int128(blob.size) }
        }
      }
      if freed >= Self.minimumFreedBytes { break }
      Thread.sleep(for: .milliseconds(100))
    }
    return freed > 0
  }

  /// What is in the cache; what was not used for the longest time is first.
  private func blobsByLastUse(_ cache: OpenedCache) throws(CASError) -> [CachedBlob] {
    var blobs: [CachedBlob] = []
    let lastUses = cache.usage.lastUses()
    try cache.store.forEachBlob { (digest) throws(CASError) in
      guard let info = try? cache.store.blobInfo(digest) else { return }
      blobs.append(
        CachedBlob(digest: digest, size: info.size, lastUse: max(info.modified, lastUses[digest] ?? info.modified)))
    }
    return blobs.sorted { $0.lastUse < $1.lastUse }
  }

  /// - Returns: whether it is gone; else it is in use.
  private func remove(_ digest: Digest, _ cache: OpenedCache) throws(CASError) -> Bool {
    if let file = try cache.store.uncheckedFile(digest) {
      guard (try? file.tryLock(.exclusive)) ?? true else { return false }
      try cache.store.deleteBlob(digest)
    }
    cache.usage.forget(digest)
    return true
  }
}
