import CASPlatform
import OCI
import SystemPackage

/// The blobs that tools removed, as long as the removal can destroy the work of another process.
///
/// A tool that collects garbage has read the index, and removes what that does not reach: also what another process has put,
/// or found, and is about to refer to. `skopeo delete` removes what the index still reaches, and writes the index after.
final class DeferredRemovals: Sendable {
  private struct Removal {
    let process: ProcessIdentity
    let requested: ContinuousClock.Instant
    /// Whether the process wrote the index after it removed the blob.
    var isDecided = false
  }

  private struct State {
    var removals: [Digest: Removal] = [:]
    /// When each process last used the layout as a tool: read or wrote the index, or put content.
    var uses: [ProcessIdentity: ContinuousClock.Instant] = [:]
    /// The processes that were served the index.
    var readers: Set<ProcessIdentity> = []
    /// The number of processes from which ended ones are looked for.
    var manyProcesses = 64
  }

  private let processes: any ProcessInspector
  private let grace: Duration
  private let clock: @Sendable () -> ContinuousClock.Instant
  private let state = Monitor(State())

  /// - Parameters:
  ///   - grace: how long a process that used the layout can be about to refer to a blob.
  ///   - clock: the present time.
  init(
    _ processes: any ProcessInspector, grace: Duration,
    clock: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
  ) {
    self.processes = processes
    self.grace = grace
    self.clock = clock
  }

  /// Notes that a process works on the layout.
  ///
  /// - Parameter readsIndex: whether it was served the index.
  func noteUse(by process: ProcessIdentity, readsIndex: Bool = false) {
    state.withLock { state in
      state.uses[process] = clock()
      if readsIndex { state.readers.insert(process) }
      guard state.uses.count > state.manyProcesses else { return }
      forgetEnded(&state)
      // Not each use of many living processes looks for ended ones.
      state.manyProcesses = max(64, 2 * state.uses.count)
    }
  }

  /// Whether removals by a process are deferred: it was served the index.
  func defers(_ process: ProcessIdentity) -> Bool {
    process != .unseen && state.withLock(notifying: .none) { $0.readers.contains(process) }
  }

  /// Whether another process can be about to refer to a blob.
  func hasOtherUser(than process: ProcessIdentity) -> Bool {
    state.withLock(notifying: .none) { hasOtherUser(than: process, $0) }
  }

  /// Whether a blob was put so recently that its process can be about to refer to it.
  func isRecent(_ modified: Timestamp) -> Bool {
    modified > Timestamp.now.earlier(bySeconds: grace.components.seconds)
  }

  /// Hides a blob from a process that removed it.
  func add(_ digest: Digest, by process: ProcessIdentity) {
    state.withLock { $0.removals[digest] = Removal(process: process, requested: clock()) }
  }

  /// Whether the removal of a blob is not decided.
  func contains(_ digest: Digest) -> Bool {
    state.withLock(notifying: .none) { $0.removals[digest] != nil }
  }

  /// Whether every removal is decided.
  var isEmpty: Bool { state.withLock(notifying: .none) { $0.removals.isEmpty } }

  /// Handles a lookup of a blob: another process that finds one whose removal waits can be about to refer to it.
  ///
  /// - Returns: whether the blob is hidden from the process of a thread.
  func noteLookup(of digest: Digest, thread: Int32) -> Bool {
    guard let removal = state.withLock(notifying: .none, { $0.removals[digest] }) else { return false }
    let process = processes.process(ofThread: thread)
    if process == removal.process { return true }
    noteUse(by: process)
    return false
  }

  /// Whether a blob is hidden from the process of a thread.
  func isHidden(_ digest: Digest, thread: Int32) -> Bool {
    guard let removal = state.withLock(notifying: .none, { $0.removals[digest] }) else { return false }
    return processes.process(ofThread: thread) == removal.process
  }

  /// The blobs that are hidden from the process of a thread.
  func hidden(thread: Int32) -> Set<Digest> {
    if state.withLock(notifying: .none, { $0.removals.isEmpty }) { return [] }
    let process = processes.process(ofThread: thread)
    return state.withLock { Set($0.removals.filter { $0.value.process == process }.keys) }
  }

  /// Notes that a process wrote the index, which says what it meant by its removals.
  func noteIndexWrite(by process: ProcessIdentity) {
    state.withLock { state in
      for (digest, removal) in state.removals where removal.process == process {
        state.removals[digest]?.isDecided = true
      }
    }
  }

  /// The removals that can be decided: no other process can be about to refer to a blob, and their process wrote the
  /// index, or has ended, or their time is over.
  func due() -> [Digest] {
    state.withLock { state in
      if state.removals.isEmpty { return [] }
      forgetEnded(&state)
      let now = clock()
      var facts: [ProcessIdentity: (isAlive: Bool, hasOtherUser: Bool)] = [:]
      for process in Set(state.removals.values.map(\.process)) {
        facts[process] = (processes.isAlive(process: process), hasOtherUser(than: process, state))
      }
      return state.removals.filter { (_, removal) in
        guard let (isAlive, hasOtherUser) = facts[removal.process], !hasOtherUser else { return false }
        // The time alone decides nothing: an image can take longer to copy, and its process is active meanwhile.
        return removal.isDecided || !isAlive || now > removal.requested + grace
      }.map(\.key)
    }
  }

  /// Ends the removal of a blob, which is gone or stays.
  func remove(_ digest: Digest) {
    state.withLock { $0.removals[digest] = nil }
  }

  /// Ends the removal of a blob that was put again: as on a disk, every process finds it.
  func cancel(_ digest: Digest) {
    if contains(digest) { remove(digest) }
  }

  /// The moment since which a blob that is due must not have been put; `nil` if the grace is too short to tell by the time of
  /// a stored copy, which a put does not change within two seconds.
  var unchangedSince: Timestamp? { grace > .seconds(2) ? .now : nil }

  /// Writes the state for the next program. Moments are written as the milliseconds that have passed since.
  func write(to writer: inout HandoverWriter) {
    let (state, now) = (state.withLock(notifying: .none) { $0 }, clock())
    func age(_ moment: ContinuousClock.Instant) -> UInt64 { UInt64(max(0, (now - moment) / .milliseconds(1))) }
    writer.add(list: state.removals) { (writer, entry) in
      writer.add(entry.key)
      writer.add(entry.value.process)
      writer.add(age(entry.value.requested))
      writer.add(entry.value.isDecided)
    }
    writer.add(list: state.uses) { (writer, entry) in
      writer.add(entry.key)
      writer.add(age(entry.value))
    }
    writer.add(list: state.readers) { $0.add($1) }
  }

  /// Reads what ``write(to:)`` wrote.
  ///
  /// - Returns: a function that takes it over.
  func read(from reader: inout HandoverReader) throws(Errno) -> () -> Void {
    let now = clock()
    func moment(_ reader: inout HandoverReader) throws(Errno) -> ContinuousClock.Instant {
      now - .milliseconds(Int64(try reader.number(UInt32.self)))
    }
    var restored = State()
    for (digest, removal) in try reader.list({ (reader) throws(Errno) -> (Digest, Removal) in
      (
        try reader.digest(),
        Removal(process: try reader.process(), requested: try moment(&reader), isDecided: try reader.bool())
      )
    }) { restored.removals[digest] = removal }
    for (process, use) in try reader.list({ (reader) throws(Errno) -> (ProcessIdentity, ContinuousClock.Instant) in
      (try reader.process(), try moment(&reader))
    }) { restored.uses[process] = use }
    restored.readers = Set(try reader.list { (reader) throws(Errno) in try reader.process() })
    return { [restored] in self.state.withLock { $0 = restored } }
  }

  private func hasOtherUser(than process: ProcessIdentity, _ state: State) -> Bool {
    let now = clock()
    return state.uses.contains { (other, last) in
      other != process && now < last + grace && (other == .unseen || processes.isAlive(process: other))
    }
  }

  private func forgetEnded(_ state: inout State) {
    let now = clock()
    for (process, last) in state.uses
    where process == .unseen ? now > last + grace : !processes.isAlive(process: process) {
      state.uses[process] = nil
      state.readers.remove(process)
    }
  }
}
