import CASPlatform

/// A bucket of a record's table, as the file has it: 64 slots of 64 bytes.
///
/// A slot has a fingerprint, the time of its entry in seconds since 1970 (little-endian), eight zeros, and the first half
/// of the SHA-256 of all that. Whatever else is in a slot counts as free: zeros, a torn write, damage.
struct RecordBucket: Sendable {
  /// The length of a slot, in bytes. It divides a disk's sector, so that a slot is written as a whole.
  static let slotSize = 64
  /// The number of slots.
  static let slotCount = 64
  /// The length of a bucket, in bytes.
  static let size = slotSize * slotCount
  /// The length of a slot without its check, in bytes.
  private static let checkedSize = 48

  private let bytes: [UInt8]

  /// Creates a bucket from the bytes of a file. Missing ones count as zeros, and further ones are dropped.
  init(_ bytes: [UInt8]) {
    self.bytes = Array(bytes.prefix(Self.size)) + Array(repeating: 0, count: max(0, Self.size - bytes.count))
  }

  /// Returns the bytes of a slot.
  static func slot(_ fingerprint: Fingerprint, seconds: Int64) -> [UInt8] {
    let time = (0..<8).map { UInt8(truncatingIfNeeded: seconds >> (8 * $0)) }
    let checked = fingerprint.bytes + time + [UInt8](repeating: 0, count: 8)
    return checked + Fingerprint(of: checked).bytes.prefix(slotSize - checkedSize)
  }

  /// Whether a slot has the fingerprint, with a time that is not in the future. Where the clock was set back since, times
  /// of files can occur again.
  func contains(_ fingerprint: Fingerprint, now: Int64) -> Bool {
    slots(of: fingerprint).contains { index in time(of: index).map { $0 <= now } ?? false }
  }

  /// The slots with a fingerprint, whether or not their checks are right.
  func slots(of fingerprint: Fingerprint) -> [Int] {
    (0..<Self.slotCount).filter { bytes[range(of: $0)].starts(with: fingerprint.bytes) }
  }

  /// The slot for a new fingerprint: the one it has, a free one, or the one of the oldest entry.
  func slot(for fingerprint: Fingerprint) -> Int {
    if let own = slots(of: fingerprint).first { return own }
    var oldest = (index: 0, time: Int64.max)
    for index in 0..<Self.slotCount {
      guard let time = time(of: index) else { return index }
      if time < oldest.time { oldest = (index, time) }
    }
    return oldest.index
  }

  /// The time of a slot's entry, in seconds since 1970; `nil` if the slot is free.
  private func time(of index: Int) -> Int64? {
    let slot = bytes[range(of: index)]
    let checked = Array(slot.prefix(Self.checkedSize))
    guard
      slot.dropFirst(Self.checkedSize).elementsEqual(Fingerprint(of: checked).bytes.prefix(slot.count - checked.count))
    else { return nil }
    let time = checked[Fingerprint.size..<Fingerprint.size + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return Int64(bitPattern: time)
  }

  private func range(of index: Int) -> Range<Int> { index * Self.slotSize..<(index + 1) * Self.slotSize }
}
