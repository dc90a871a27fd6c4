import CAS
import CASDirectory
import CASPlatform
import OCI
import SystemPackage

extension BlobCache {
  /// The state of eviction in this process.
  struct Eviction {
    /// Bytes inserted since the size was last compared with the limit; `nil` before the first comparison.
    var insertedBytes: Int64?
    /// Whether a thread retries, because blobs above the limit are pinned.
    var isScheduled = false
    var isClosed = false
  }

  private struct CachedBlob {
    var digest: Digest
    var size: Int64
    var lastUse: Timestamp
  }

  /// The lock of the one process that evicts. The name is part of the cache's format.
  private static let lockName = "room"
  /// Bytes to free, at least, when the disk is full.
  private static let minimumFreedBytes: Int64 = 16 << 20
  /// Attempts to free space on a full disk, 100 ms apart: a blob stays open for a moment after it was read.
  private static let maximumFullDiskAttempts = 20
  /// Delays between attempts to evict pinned blobs; each is twice the one before.
  private static let retryIntervals = (first: Duration.milliseconds(500), longest: Duration.seconds(4))

  /// Records an insertion, and evicts when the limit may be exceeded.
  ///
  /// The size is compared with the limit once per twentieth of the limit, since the comparison lists the whole cache.
  func didInsert(bytes: Int64) {
    let isDue = eviction.withLock(notifying: .none) { eviction in
      // Insertions by other processes are seen at the next comparison.
      let before = eviction.insertedBytes ?? .max
      let isDue = before > sizeLimit / 20 - bytes
      eviction.insertedBytes = isDue ? 0 : before + bytes
      return isDue
    }
    if isDue, (try? evict()) == false { scheduleEviction() }
  }

  /// Stops retrying, with a last attempt for blobs that this process no longer pins.
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
    // If no thread can be started, `finishEviction()` evicts.
    try? Thread.start("casfs-evict") { [eviction, weak self] in
      var interval = Self.retryIntervals.first
      repeat {
        if eviction.wait(for: interval, until: \.isClosed) { return }
        interval = min(interval * 2, Self.retryIntervals.longest)
      } while (try? self?.evict()) == false
      eviction.withLock(notifying: .none) { $0.isScheduled = false }
    }
  }

  /// Evicts the least recently used blobs down to nine tenths of the limit; pinned blobs stay. One process does so at a
  /// time.
  ///
  /// - Returns: whether the cache is within its limit; `false` also if another process evicts.
  private func evict() throws(CASError) -> Bool {
    let cache = try openedCache()
    guard let lock = cache.usage.tryLock(Self.lockName) else { return false }
    defer { withExtendedLifetime(lock) {} }
    let blobs = try blobsByLastUse(cache)
    // A blob above the limit can never stay, so it does not displace others.
    var isWithinLimit = true
    for blob in blobs where blob.size > sizeLimit {
      if try !remove(blob.digest, cache) { isWithinLimit = false }
    }
    let others = blobs.filter { $0.size <= sizeLimit }
    // The lengths of sparse files can overflow Int64 together.
    var total = others.reduce(Int128(0)) { $0 + Int128($1.size) }
    guard total > sizeLimit else { return isWithinLimit }
    for blob in others where total > sizeLimit / 10 * 9 {
      if try remove(blob.digest, cache) { total -= Int128(blob.size) }
    }
    return isWithinLimit && total <= sizeLimit
  }

  /// Evicts least recently used blobs after ENOSPC: a tenth of the cache, at least 16 MiB, even below the limit.
  ///
  /// - Returns: whether any space was freed, so that the write is worth another attempt.
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

  /// The cached blobs, the least recently used first.
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

  /// Removes a blob that is not pinned, and its usage record.
  ///
  /// - Returns: whether it is removed; `false` means that it is pinned.
  private func remove(_ digest: Digest, _ cache: OpenedCache) throws(CASError) -> Bool {
    if let file = try cache.store.uncheckedFile(digest) {
      guard (try? file.tryLock(.exclusive)) ?? true else { return false }
      try cache.store.deleteBlob(digest)
    }
    cache.usage.forget(digest)
    return true
  }
}
