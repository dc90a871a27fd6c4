/// The use of a descriptor number, as far as a mount needs to know it.
package enum DescriptorUse: Hashable, Sendable {
  /// No descriptor has the number.
  case closed
  /// An open file that can be written, by the inode number that its file system shows.
  case writing(UInt64)
  /// Anything else: a socket, a pipe, a file that is only read, or a descriptor that cannot be seen.
  case other
}

/// A view of a descriptor table in the kernel, which the threads of a process share: `struct files_struct`.
///
/// If other threads share the table, they may change it between two calls.
package protocol DescriptorTable: Sendable {
  /// Whether the process has more than one thread.
  var isShared: Bool { get }

  /// The number of open descriptors; `nil` when the system does not tell it.
  func count() -> Int?

  /// The numbers of all open descriptors. The kernel takes time for each of them.
  func numbers() -> [Int32]

  func use(of number: Int32) -> DescriptorUse
}

extension DescriptorTable {
  /// Whether the table has more than a number of descriptors for writing on an inode, by reading all of them.
  ///
  /// A descriptor that nothing changes meanwhile is found, whatever other threads do with theirs.
  func hasWriters(moreThan limit: Int, inode: UInt64) -> Bool {
    var count = 0
    for number in numbers() where use(of: number) == .writing(inode) {
      count += 1
      if count > limit { return true }
    }
    return false
  }
}
