/// The descriptors of one thread's table, as far as they were read.
///
/// A descriptor for writing on a file of this mount cannot change its use unnoticed: the kernel sends FUSE_FLUSH when it is
/// closed or replaced. So it is read once, and the others, which change unnoticed, are read each time. The number of all
/// descriptors shows whether there are more.
struct KnownDescriptors {
  /// The inodes of descriptors for writing whose use cannot have changed, by descriptor number.
  private(set) var writing: [Int32: UInt64] = [:]
  private var numbers: [UInt64: [Int32]] = [:]
  /// The descriptor numbers that are read again each time.
  private var unstable: Set<Int32> = []
  /// Numbers that were closed, in ascending order. The system gives the lowest free number to a new descriptor.
  private var free: [Int32] = []
  private var highest: Int32 = -1
  /// The inodes of which a descriptor was found since the last call of ``takeFound()``.
  private var found: Set<UInt64> = []

  /// The most free numbers that are remembered.
  private static let freeLimit = 64
  /// The numbers that are tried before the whole table is listed.
  private static let probeCount = 8

  /// Notes the close of a descriptor on an inode: the use of each of them may have changed.
  mutating func didClose(_ inode: UInt64) {
    for number in numbers.removeValue(forKey: inode) ?? [] {
      writing[number] = nil
      unstable.insert(number)
    }
  }

  /// The inodes of which a descriptor was found since the last call.
  mutating func takeFound() -> Set<UInt64> {
    defer { found = [] }
    return found
  }

  /// Whether a table has more than a number of descriptors for writing on an inode.
  mutating func hasWriters(moreThan limit: Int, inode: UInt64, in table: any DescriptorTable) -> Bool {
    if hasFound(moreThan: limit, inode) { return true }
    let count = table.count()
    for number in Array(unstable) {
      read(number, in: table)
      if hasFound(moreThan: limit, inode) { return true }
    }
    if count == knownCount { return false }
    if let count, count > knownCount {
      for number in likelyNumbers {
        read(number, in: table)
        if hasFound(moreThan: limit, inode) { return true }
        if count == knownCount { return false }
      }
    } else if count != nil {
      self = Self()
    }
    let numbers = table.numbers()
    reset(to: Set(numbers))
    for number in numbers where !isKnown(number) {
      read(number, in: table)
      if hasFound(moreThan: limit, inode) { return true }
    }
    return false
  }

  private func hasFound(moreThan limit: Int, _ inode: UInt64) -> Bool { numbers[inode, default: []].count > limit }

  private var knownCount: Int { writing.count + unstable.count }

  private func isKnown(_ number: Int32) -> Bool { writing[number] != nil || unstable.contains(number) }

  /// The numbers that the next descriptors get.
  private var likelyNumbers: [Int32] {
    (free.prefix(Self.probeCount) + (1...Int32(Self.probeCount)).map { highest + $0 }).filter { !isKnown($0) }
  }

  private mutating func read(_ number: Int32, in table: any DescriptorTable) {
    let use = table.use(of: number)
    unstable.remove(number)
    if use == .closed {
      noteFree(number)
      return
    }
    highest = max(highest, number)
    free.removeAll { $0 == number }
    switch use {
    case .writing(let inode):
      writing[number] = inode
      numbers[inode, default: []].append(number)
      found.insert(inode)
    case .other, .closed: unstable.insert(number)
    }
  }

  private mutating func noteFree(_ number: Int32) {
    guard number <= highest, !free.contains(number) else { return }
    free.insert(number, at: free.firstIndex { $0 > number } ?? free.endIndex)
    if free.count > Self.freeLimit { free.removeLast() }
  }

  /// Drops the numbers that a listing does not have.
  private mutating func reset(to open: Set<Int32>) {
    unstable.formIntersection(open)
    for (number, inode) in writing where !open.contains(number) {
      writing[number] = nil
      numbers[inode]?.removeAll { $0 == number }
    }
    highest = open.max() ?? -1
    free = Array((0..<max(highest, 0)).lazy.filter { !open.contains($0) }.prefix(Self.freeLimit))
  }
}
