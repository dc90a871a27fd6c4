import CFUSE
import Glibc
import StoreTree

/// The reply to FUSE_READDIR or FUSE_READDIRPLUS: directory entries in the kernel's format, up to a size.
struct DirentBuffer {
  /// The bytes of the entries.
  private(set) var used: [UInt8] = []
  private let limit: Int
  /// The nodes whose lookup counts the reply increments.
  private(set) var nodes: [NodeID] = []

  /// Creates an empty reply. It takes memory for its entries only: the kernel offers up to 1 MiB for any directory.
  ///
  /// - Parameter limit: its largest size in bytes.
  init(_ limit: Int) {
    self.limit = limit
  }

  /// Adds an entry: `struct fuse_dirent`.
  ///
  /// - Parameter next: the offset of the entry after it.
  /// - Returns: `false` if it does not fit.
  mutating func add(_ entry: DirectoryEntry, _ next: Int64) -> Bool {
    var status = stat(entry)
    return unsafe fill(entry) { (start, room, name) in
      unsafe fuse_add_direntry(nil, start, room, name, &status, off_t(next))
    }
  }

  /// Adds an entry and the result of its lookup, if there was one: `struct fuse_direntplus`.
  mutating func add(_ entry: DirectoryEntry, _ found: Entry?, _ next: Int64) -> Bool {
    var parameters = fuse_entry_param()
    if let found { parameters = fuse_entry_param(found) } else { parameters.attr = stat(entry) }
    let isAdded = unsafe fill(entry) { (start, room, name) in
      unsafe fuse_add_direntry_plus(nil, start, room, name, &parameters, off_t(next))
    }
    if isAdded, let found { nodes.append(found.node) }
    return isAdded
  }

  private mutating func fill(
    _ entry: DirectoryEntry, _ put: (UnsafeMutablePointer<CChar>?, Int, UnsafePointer<CChar>) -> Int
  ) -> Bool {
    unsafe withName(entry.name) { name in
      let start = used.count
      let count = unsafe put(nil, 0, name)
      guard count <= limit - start else { return false }
      used.append(contentsOf: repeatElement(0, count: count))
      _ = unsafe used.withUnsafeMutableBytes { bytes in
        let place = unsafe bytes.baseAddress.map { unsafe ($0 + start).assumingMemoryBound(to: CChar.self) }
        return unsafe put(place, count, name)
      }
      return true
    }
  }
}

extension stat {
  fileprivate init(_ entry: DirectoryEntry) {
    self.init()
    st_ino = UInt(entry.inode)
    st_mode = entry.kind.mode
  }
}
