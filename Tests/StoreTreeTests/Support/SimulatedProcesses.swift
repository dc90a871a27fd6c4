import CASPlatform

@testable import StoreTree

/// Processes as a test defines them, in place of `/proc`.
///
/// A thread belongs to the process of the same number, unless the test says otherwise.
final class SimulatedProcesses: ProcessInspector {
  private struct State {
    var processes: [Int32: Int32] = [:]
    var descriptors: [Int32: [Int32: DescriptorUse]] = [:]
    var tellsCount = true
    var hasThreads = false
    var readCount = 0
    var listingCount = 0
    var lookupCount = 0
    var killed: Set<Int32> = []
    var groups: [Int32: Set<UInt32>] = [:]
    var ended: Set<Int32> = []
    var serials: [Int32: UInt64] = [:]
    var parents: [Int32: Int32] = [:]

    func identity(_ number: Int32) -> ProcessIdentity {
      ProcessIdentity(number, serial: serials[number] ?? 0)
    }
  }

  private let state = Monitor(State())

  /// Puts a thread into a process; 0 makes it one that cannot be seen.
  func assign(thread: Int32, to process: Int32) {
    state.withLock { $0.processes[thread] = process }
  }

  /// Adds descriptors that are open for writing to a process, at its lowest free numbers, or removes them.
  func addDescriptors(_ count: Int, of process: Int32, inode: UInt64) {
    for _ in 0..<max(count, 0) { addDescriptor(.writing(inode), of: process) }
    for _ in 0..<max(-count, 0) {
      let number = descriptors(of: process).filter { $0.value == .writing(inode) }.keys.min()
      if let number { setDescriptor(number, .closed, of: process) }
    }
  }

  /// Adds a descriptor at the lowest free number.
  @discardableResult
  func addDescriptor(_ use: DescriptorUse, of process: Int32) -> Int32 {
    state.withLock { state in
      var number: Int32 = 0
      while state.descriptors[process]?[number] != nil { number += 1 }
      state.descriptors[process, default: [:]][number] = use
      return number
    }
  }

  /// Replaces a descriptor, as `dup2(2)` does; `.closed` removes it.
  func setDescriptor(_ number: Int32, _ use: DescriptorUse, of process: Int32) {
    state.withLock { $0.descriptors[process, default: [:]][number] = use == .closed ? nil : use }
  }

  func descriptors(of process: Int32) -> [Int32: DescriptorUse] { state.withLock { $0.descriptors[process] ?? [:] } }

  /// Chooses whether the system tells the number of descriptors.
  func setTellsCount(_ tellsCount: Bool) { state.withLock { $0.tellsCount = tellsCount } }

  /// Chooses whether processes have several threads.
  func setHasThreads(_ hasThreads: Bool) { state.withLock { $0.hasThreads = hasThreads } }

  /// How many descriptors were read.
  var readCount: Int { state.withLock { $0.readCount } }
  /// How often the process of a thread was looked up.
  var lookupCount: Int { state.withLock { $0.lookupCount } }
  /// How many tables were listed.
  var listingCount: Int { state.withLock { $0.listingCount } }

  /// Lets a signal kill the process of a thread.
  func kill(thread: Int32) {
    state.withLock { _ = $0.killed.insert(thread) }
  }

  /// Makes a process the child of another one.
  func setParent(_ parent: Int32, of process: Int32) {
    state.withLock { $0.parents[process] = parent }
  }

  /// Ends a process.
  func end(_ process: Int32) {
    state.withLock { _ = $0.ended.insert(process) }
  }

  /// Ends a process, and gives its number to another one.
  func reuse(_ process: Int32) {
    state.withLock { $0.serials[process, default: 0] += 1 }
  }

  func setGroups(_ groups: Set<UInt32>, ofThread thread: Int32) {
    state.withLock { $0.groups[thread] = groups }
  }

  func process(ofThread thread: Int32) -> ProcessIdentity {
    state.withLock { state in
      state.lookupCount += 1
      return state.identity(state.processes[thread] ?? thread)
    }
  }

  func parent(ofProcess process: ProcessIdentity) -> ProcessIdentity {
    state.withLock { $0.identity($0.parents[process.number] ?? 0) }
  }

  func isAlive(process: ProcessIdentity) -> Bool {
    state.withLock { !$0.ended.contains(process.number) && $0.identity(process.number) == process }
  }

  func isMember(of group: UInt32, thread: Int32) -> Bool {
    state.withLock { $0.groups[thread]?.contains(group) ?? false }
  }

  func wasKilled(thread: Int32) -> Bool { state.withLock { $0.killed.contains(thread) } }

  func descriptorTable(ofThread thread: Int32) -> (any DescriptorTable)? {
    SimulatedTable(processes: self, process: process(ofThread: thread).number)
  }

  /// The descriptor table of a process.
  private struct SimulatedTable: DescriptorTable {
    var processes: SimulatedProcesses
    var process: Int32

    var isShared: Bool { processes.state.withLock { $0.hasThreads } }

    func count() -> Int? {
      let count = processes.descriptors(of: process).count
      return processes.state.withLock { $0.tellsCount } && count > 0 ? count : nil
    }

    func numbers() -> [Int32] {
      processes.state.withLock { state in
        state.listingCount += 1
        return Array((state.descriptors[process] ?? [:]).keys)
      }
    }

    func use(of number: Int32) -> DescriptorUse {
      processes.state.withLock { state in
        state.readCount += 1
        return state.descriptors[process]?[number] ?? .closed
      }
    }
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

/// Their processes.
extension ProcessIdentity {
  static let opener = Self(Int32.opener)
  static let child = Self(Int32.child)
}
