/// A position in a directory: the number of entries before it, and a hash of the name of the last one.
///
/// The number alone would mean another place once names are added or removed.
struct DirectoryPosition: Equatable {
  /// The number of the entries `.` and `..`, which come first.
  static let ownEntries: Int64 = 2

  let count: Int64
  let fingerprint: UInt32

  /// Makes a position; without parameters, that before the first entry.
  init(count: Int64 = 0, fingerprint: UInt32 = 0) {
    self.count = count
    self.fingerprint = fingerprint
  }

  /// Makes a position of the offset of `struct dirent`, which is not negative.
  init(rawValue: Int64) {
    self.init(count: rawValue >> 32, fingerprint: UInt32(truncatingIfNeeded: rawValue))
  }

  /// The offset of `struct dirent`.
  var rawValue: Int64 { count << 32 | Int64(fingerprint) }

  /// The position behind an entry of a name that follows this one. The hash is FNV-1a.
  func after(_ name: String) -> DirectoryPosition {
    let hash = name.utf8.reduce(0x811c_9dc5 as UInt32) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
    return DirectoryPosition(count: count + 1, fingerprint: hash)
  }
}
