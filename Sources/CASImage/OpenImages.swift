import CAS
import SystemPackage

/// The images of a catalog that are open, with a bound on their memory: the least recently used ones that nothing holds
/// are dropped first.
struct OpenImages {
  private struct Entry {
    var image: Image
    /// Whether a caller opened it since the last trim.
    var isUsed = true
    /// The number of the last use.
    var lastUse: UInt64
    /// The memory that it needs, in bytes.
    let size: Int
  }

  /// The most images that stay open without a use.
  private static let countLimit = 16

  /// The most memory that all images but the newest need, in bytes.
  private let sizeLimit: Int
  private var entries: [ImageCatalog.Key: Entry] = [:]
  private var lastUse: UInt64 = 0

  init(sizeLimit: Int) {
    self.sizeLimit = sizeLimit
  }

  /// The number of images.
  var count: Int { entries.count }

  /// The image, if it is open.
  ///
  /// - Parameter keepsOpen: whether it stays open until the second trim after this, also when nothing holds it.
  mutating func image(_ key: ImageCatalog.Key, keepsOpen: Bool) -> Image? {
    guard let entry = entries[key] else { return nil }
    lastUse += 1
    entries[key]?.lastUse = lastUse
    if keepsOpen { entries[key]?.isUsed = true }
    return entry.image
  }

  /// Adds an image, and drops others that are not in use if there are many or they need much memory.
  ///
  /// - Throws: `CASError.Code.io(_:)` with ENOMEM if the others that are in use need more than the limit.
  mutating func insert(_ image: Image, _ key: ImageCatalog.Key, _ context: OperationContext) throws(CASError) {
    var size = entries.values.reduce(0) { $0 + $1.size }
    let order = entries.map { (key: $0, lastUse: $1.lastUse, size: $1.size) }.sorted { $0.lastUse < $1.lastUse }
    for entry in order where entries.count >= Self.countLimit || size > sizeLimit {
      dropIfUnused(entry.key)
      if entries[entry.key] == nil { size -= entry.size }
    }
    guard size <= sizeLimit else {
      throw CASError(.io(.noMemory), context, cause: "open images of the mount need over \(sizeLimit) bytes of memory")
    }
    lastUse += 1
    entries[key] = Entry(image: image, lastUse: lastUse, size: image.memorySize)
  }

  private mutating func dropIfUnused(_ key: ImageCatalog.Key) {
    guard var entry = entries.removeValue(forKey: key) else { return }
    if !isKnownUniquelyReferenced(&entry.image) { entries[key] = entry }
  }

  /// Drops the images that no caller opened since the last call and nothing holds.
  mutating func trim() {
    for key in Array(entries.keys) {
      if entries[key]?.isUsed == true { entries[key]?.isUsed = false } else { dropIfUnused(key) }
    }
  }

  /// Drops all.
  mutating func removeAll() {
    entries = [:]
  }
}
