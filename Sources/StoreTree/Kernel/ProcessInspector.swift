/// A source of facts about the processes that send requests.
///
/// A request names its caller by a thread id, which is 0 when the caller is in a pid namespace that the mount cannot see.
package protocol ProcessInspector: Sendable {
  /// The process (thread group) that a thread belongs to.
  func process(ofThread thread: Int32) -> ProcessIdentity

  /// The parent of a process.
  func parent(ofProcess process: ProcessIdentity) -> ProcessIdentity

  /// Whether a process exists; `false` when it cannot be seen, and when another process has its number.
  func isAlive(process: ProcessIdentity) -> Bool

  /// Whether a thread has a group among its supplementary groups; `false` when it cannot be seen.
  func isMember(of group: UInt32, thread: Int32) -> Bool

  /// Whether a thread is exiting because a signal killed its process; `false` when it cannot be seen.
  func wasKilled(thread: Int32) -> Bool

  /// The descriptor table of a thread, which the threads of its process share; `nil` when it cannot be seen.
  func descriptorTable(ofThread thread: Int32) -> (any DescriptorTable)?
}

extension ProcessInspector {
  /// Whether a close is one by the process that opened a file. A process that cannot be seen counts as that one: an
  /// acknowledged close must have stored the content.
  func isClosedByOpener(_ process: ProcessIdentity, _ context: RequestContext) -> Bool {
    if context.thread == 0 || process == .unseen { return true }
    let caller = self.process(ofThread: context.thread)
    return caller == process || caller == .unseen
  }
}
