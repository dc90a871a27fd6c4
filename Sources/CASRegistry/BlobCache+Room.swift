internal import CAS
internal import CASDirectory
internal import OCI
internal import Platform
internal import SystemPackage

extension BlobCache {
  /// What is known of how full the cache is.
  struct Room {
    /// How many bytes were added since it was last looked whether there are too many; `nil` before the first.
    var added: Int64?
    /// Whether there are too many, and a thread waits until what is too much is no longer in use.
    var isWaiting = false
    var isClosed = false
  }

  /// How long it is waited for what is in use, in milliseconds: longer each time.
  private static let pauses = (first: 500, longest: 60_000)

  /// Notes that so much was added, and makes room when that is too much.
  func noteAdded(_ size: Int64) {
    let mustLook = room.withLock(waking: .none) { room in
      // What others add is seen when it is looked.
      let before = room.added ?? .max
      let isMuch = before > limit / 20 - size
      room.added = isMuch ? 0 : before + size
      return isMuch
    }
    if mustLook, (try? makeRoom()) == false { makeRoomLater() }
  }

  /// Removes what is too much once nobody uses it any more.
  func endMakingRoom() {
    let isTooMuch = room.withLock { room in
      defer { room.isClosed = true }
      return room.isWaiting
    }
    if isTooMuch { _ = try? makeRoom() }
  }

  private func makeRoomLater() {
    let isFirst = room.withLock(waking: .none) { room in
      defer { room.isWaiting = true }
      return !room.isWaiting
    }
    guard isFirst else { return }
    // Without a thread it is done at the end.
    try? Thread.start("casfs-room") { [room, weak self] in
      var pause = Self.pauses.first
      repeat {
        if room.wait(milliseconds: pause, until: \.isClosed) { return }
        pause = min(pause * 2, Self.pauses.longest)
      } while (try? self?.makeRoom()) == false
      room.withLock(waking: .none) { $0.isWaiting = false }
    }
  }

  /// Removes what was not used for the longest time, as long as there is too much; what is in use stays. One process does
  /// that at a time.
  ///
  /// - Returns: whether there is no longer too much.
  private func makeRoom() throws(CASError) -> Bool {
    let folders = try folders()
    guard let lock = folders.uses.lock("room") else { return false }
    defer { withExtendedLifetime(lock) {} }
    var blobs: [(digest: Digest, size: Int64, used: Timestamp)] = []
    var tooLong: [Digest] = []
    let marks = folders.uses.all()
    try folders.store.forEachBlob { (digest) throws(CASError) in
      guard let info = try? folders.store.blobInfo(digest) else { return }
      if info.size > limit {
        tooLong.append(digest)
      } else {
        blobs.append((digest, info.size, max(info.modified, marks[digest] ?? info.modified)))
      }
    }
    // What cannot stay is not in the way of the others.
    var isEnough = true
    for digest in tooLong where try !remove(digest, folders) { isEnough = false }
    // Files without content can be as long as numbers go.
    var total = blobs.reduce(Int128(0)) { $0 + Int128($1.size) }
    guard total > limit else { return isEnough }
    blobs.sort { $0.used < $1.used }
    for blob in blobs where total > limit / 10 * 9 {
      if try remove(blob.digest, folders) { total -= Int128(blob.size) }
    }
    return isEnough && total <= limit
  }

  /// - Returns: whether it is gone; else it is in use.
  private func remove(_ digest: Digest, _ folders: CacheFolders) throws(CASError) -> Bool {
    if let file = try folders.store.uncheckedFile(digest) {
      guard (try? file.tryLock(.exclusive)) ?? true else { return false }
      try folders.store.deleteBlob(digest)
    }
    folders.uses.forget(digest)
    return true
  }
}
