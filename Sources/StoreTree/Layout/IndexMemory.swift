import CASPlatform
import SystemPackage

/// The memory that the contents of `index.json` take while processes write them. A content that is not a whole index is in
/// no file.
final class IndexMemory: Sendable {
  private let limit: Int
  private let size = Monitor(0)

  /// - Parameter limit: the most bytes of all contents together.
  init(limit: Int) {
    self.limit = limit
  }

  /// Notes that a content has grown or shrunk.
  ///
  /// - Throws: ENOSPC if all of them would take more than the limit; the content has to be dropped then.
  func resize(from old: Int, to new: Int) throws(Errno) {
    try size.withLock { (size) throws(Errno) in
      guard new <= old || new - old <= limit - size else { throw .noSpace }
      size += new - old
    }
  }

  /// Notes a content of an earlier program.
  func add(_ count: Int) { size.withLock { $0 += count } }

  /// Notes that a content was dropped.
  func release(_ count: Int) { size.withLock { $0 -= count } }
}
