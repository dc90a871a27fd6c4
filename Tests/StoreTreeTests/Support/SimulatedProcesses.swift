import CASPlatform

@testable import StoreTree

/// Processes as a test defines them, in place of `/proc`.
///
/// A thread belongs to the process of the same number, unless the test says otherwise.
final class SimulatedProcesses: ProcessInspector {
  private struct Descriptor: Hashable {
    var process: Int32
    var inode: UInt64
  }

  private struct State {
    var processes: [Int32: Int32] = [:]
    var descriptors: [Descriptor: Int] = [:]
    var killed: Set<Int32> = []
    var groups: [Int32: Set<UInt32>] = [:]
    var ended: Set<Int32> = []
  }

  private let state = Monitor(State())

  /// Puts a thread into a process; 0 makes it one that cannot be seen.
  func assign(thread: Int32, to process: Int32) {
    state.withLock { $0.processes[thread] = process }
  }

  /// Adds descriptors that are open for writing to a process, or removes them.
  func addDescriptors(_ count: Int, of process: Int32, inode: UInt64) {
    state.withLock { $0.descriptors[Descriptor(process: process, inode: inode), default: 0] += count }
  }

  /// Lets a signal kill the process of a thread.
  func kill(thread: Int32) {
    state.withLock { _ = $0.killed.insert(thread) }
  }

  /// Ends a process.
  func end(_ process: Int32) {
    state.withLock { _ = $0.ended.insert(process) }
  }

  func setGroups(_ groups: Set<UInt32>, ofThread thread: Int32) {
    state.withLock { $0.groups[thread] = groups }
  }

  func process(ofThread thread: Int32) -> Int32 { state.withLock { $0.processes[thread] ?? thread } }

  func isAlive(process: Int32) -> Bool { state.withLock { !$0.ended.contains(process) } }

  func isMember(of group: UInt32, thread: Int32) -> Bool {
    state.withLock { $0.groups[thread]?.contains(group) ?? false }
  }

  func wasKilled(thread: Int32) -> Bool { state.withLock { $0.killed.contains(thread) } }

  func hasWriters(moreThan count: Int, process: Int32, inode: UInt64) -> Bool {
    state.withLock { $0.descriptors[Descriptor(process: process, inode: inode)] ?? 0 > count }
  }
}

/// Callers of requests.
extension Int32 {
  /// The process that opens files.
  static let opener: Int32 = 100
  /// A process that inherited descriptors of the opener.
  static let child: Int32 = 200
  /// A process that opens the same files independently.
  static let other: Int32 = 300
  /// Any process of a pid namespace that the mount cannot see.
  static let unseen: Int32 = 0
}
