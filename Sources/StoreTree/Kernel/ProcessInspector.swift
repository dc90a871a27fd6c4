/// A source of facts about the processes that send requests.
///
/// A request names its caller by a thread id, which is 0 when the caller is in a pid namespace that the mount cannot see.
package protocol ProcessInspector: Sendable {
  /// The process (thread group) that a thread belongs to; 0 when it cannot be seen.
  func process(ofThread thread: Int32) -> Int32

  /// Whether a process exists; `false` when it cannot be seen.
  func isAlive(process: Int32) -> Bool

  /// Whether a thread has a group among its supplementary groups; `false` when it cannot be seen.
  func isMember(of group: UInt32, thread: Int32) -> Bool

  /// Whether a thread is exiting because a signal killed its process; `false` when it cannot be seen.
  func wasKilled(thread: Int32) -> Bool

  /// Whether a process has more than a number of descriptors open for writing on an inode of this mount; `false` when it
  /// cannot be seen.
  func hasWriters(moreThan count: Int, process: Int32, inode: UInt64) -> Bool
}

extension ProcessInspector {
  /// Whether a close is one by the process that opened a file. A process that cannot be seen counts as that one: an
  /// acknowledged close must have stored the content.
  func isClosedByOpener(_ process: Int32, _ context: RequestContext) -> Bool {
    if context.thread == 0 || process == 0 { return true }
    let caller = self.process(ofThread: context.thread)
    return caller == process || caller == 0
  }

  /// Whether a close is the last one by the process that opened a file: the process has no other descriptor open for
  /// writing on it.
  ///
  /// - Parameter others: the descriptors for writing that the process has through other opens of the file.
  func closesLast(of process: Int32, inode: UInt64, besides others: Int = 0, _ context: RequestContext) -> Bool {
    if context.thread == 0 || process == 0 { return true }
    return isClosedByOpener(process, context) && !hasWriters(moreThan: others, process: process, inode: inode)
  }
}
