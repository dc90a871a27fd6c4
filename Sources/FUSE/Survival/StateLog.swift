import CASPlatform
import CKeeper
import StoreTree
import SystemPackage

/// A write-ahead log in the state of a ``KeptMount``: the nodes that the kernel knows, and the files that it reads by
/// itself. It is in memory, so it outlives the process and not the machine.
///
/// A record counts once the end of the log is behind it, so one that a dying process was writing does not exist.
final class StateLog: Sendable {
  private struct State {
    var start: UInt64
    var end: UInt64
    var records = 0
    /// The number of records from which on the log is compacted.
    var compactionCount = StateLog.smallCount
    /// The offsets of the last record of each node that an earlier process knew.
    var earlier: [NodeID: UInt64] = [:]
    /// The members of `incoming` that earlier processes recorded, until they are taken over.
    var members = RecordedMembers()
    var index: RecordedIndex?
  }

  /// A log with fewer records is not compacted.
  private static let smallCount = 1 << 14
  private static let chunkSize = 1 << 18

  let generation: UInt16
  private let mount: KeptMount
  private let state: Monitor<State>
  /// The files that the kernel reads by itself, as earlier processes left them.
  let passthrough: PassthroughState

  /// Reads the log of earlier processes.
  ///
  /// - Parameter generation: the number of this process; `nil` for that of the keeper.
  init(_ mount: KeptMount, generation: UInt16? = nil) throws(Errno) {
    self.mount = mount
    // 0 stands for a mount without a keeper.
    self.generation = generation ?? UInt16(truncatingIfNeeded: (mount.starts &+ mount.reloads) % 0xFFFF + 1)
    var (start, end): (UInt64, UInt64) = (0, 0)
    unsafe casfs_keeper_log(mount.state, &start, &end)
    var state = State(start: start, end: end)
    var passthrough = PassthroughState()
    try Self.forEachRecord(in: start..<end, of: mount.file) { (record, offset) in
      state.records += 1
      switch record {
      case .node(let node, _): state.earlier[node] = offset
      case .forgotten(let node): state.earlier[node] = nil
      case .passthrough(let event): passthrough.apply(event)
      case .member(let number, let text): state.members.set(number, text)
      case .index(let index): state.index = index
      }
    }
    self.state = Monitor(state)
    self.passthrough = passthrough
  }

  /// Records an event of files that the kernel reads by itself.
  func add(_ event: PassthroughEvent) {
    append(.passthrough(event))
  }

  private func append(_ record: StateRecord) {
    state.withLock(notifying: .none) { append(record, &$0) }
  }

  private func append(_ record: StateRecord, _ state: inout State) {
    let bytes = record.bytes
    // Without memory for it, the record is missing, and the next process answers ESTALE for its node.
    guard (try? mount.file.write(bytes.span, at: Int64(state.end))) != nil else { return }
    state.end += UInt64(bytes.count)
    state.records += 1
    unsafe casfs_keeper_set_log(mount.state, state.start, state.end)
  }

  private static func forEachRecord(
    in range: Range<UInt64>, of file: OpenFile, _ body: (StateRecord, UInt64) -> Void
  ) throws(Errno) {
    var buffer: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: chunkSize)
    var (offset, next) = (range.lowerBound, range.lowerBound)
    while next < range.upperBound {
      var span = chunk.mutableSpan
      let limit = Int(min(UInt64(chunkSize), range.upperBound - next))
      let count = try file.read(into: &span, at: Int64(next), limit: limit)
      guard count > 0 else { throw .badMessage }
      next += UInt64(count)
      buffer += chunk[..<count]
      var rest = buffer[...]
      while let (record, length) = StateRecord.first(of: rest) {
        body(record, offset)
        rest = rest.dropFirst(length)
        offset += UInt64(length)
      }
      buffer = Array(rest)
    }
    guard buffer.isEmpty else { throw .badMessage }
  }

  private static func record(at offset: UInt64, of file: OpenFile) -> StateRecord? {
    var bytes = [UInt8](repeating: 0, count: StateRecord.maximumLength)
    var span = bytes.mutableSpan
    guard let count = try? file.read(into: &span, at: Int64(offset)) else { return nil }
    return StateRecord.first(of: bytes[..<count])?.record
  }
}

extension StateLog: NodeJournal {
  var began: Timestamp? { mount.began }
  var hasEarlier: Bool { mount.isMounted }

  func didRemember(_ node: NodeID, at place: NodePlace) {
    append(.node(node, place))
  }

  func didForget(_ node: NodeID) {
    state.withLock(notifying: .none) { state in
      state.earlier[node] = nil
      append(.forgotten(node), &state)
    }
  }

  func place(ofEarlier node: NodeID) -> NodePlace? {
    guard let offset = state.withLock(notifying: .none, { $0.earlier[node] }),
      case .node(_, let place)? = Self.record(at: offset, of: mount.file)
    else { return nil }
    return place
  }

  func forEachEarlier(in parent: NodeID, _ body: (String) -> Void) {
    for node in state.withLock(notifying: .none, { Array($0.earlier.keys) }) {
      if let place = place(ofEarlier: node), place.parent == parent { body(place.name) }
    }
  }

  func didChange(member number: UInt64, to record: [UInt8]?) {
    append(.member(number, record))
  }

  func takeMembers() -> [[UInt8]] {
    state.withLock(notifying: .none) { state in
      defer { state.members = RecordedMembers() }
      return state.members.inOrder.map(\.text)
    }
  }

  var lastIndex: RecordedIndex? { state.withLock(notifying: .none) { $0.index } }

  func didServe(_ index: RecordedIndex) {
    state.withLock(notifying: .none) { state in
      state.index = index
      append(.index(index), &state)
    }
  }

  func compact(keeping count: Int, where isKnown: (NodeID) -> Bool) {
    state.withLock(notifying: .none) { state in
      // While the kernel learns of nodes and forgets none, reading the log would only delay their lookups.
      guard state.records > max(state.compactionCount, count * 2) else { return }
      var (kept, passthrough) = (0, PassthroughState())
      var earlier: [NodeID: UInt64] = [:]
      var members = RecordedMembers()
      let old = state.start..<state.end
      let start = (state.end + 0xFFFF) & ~0xFFFF
      var end = start
      var batch: [UInt8] = []
      var isWritten = true
      func flush() {
        if (try? mount.file.write(batch.span, at: Int64(end) - Int64(batch.count))) == nil { isWritten = false }
        batch = []
      }
      func keep(_ record: StateRecord) {
        let bytes = record.bytes
        batch += bytes
        end += UInt64(bytes.count)
        kept += 1
        if batch.count >= Self.chunkSize { flush() }
      }
      let isRead: Void? = try? Self.forEachRecord(in: old, of: mount.file) { (record, offset) in
        switch record {
        case .node(let node, _):
          if state.earlier[node] == offset { earlier[node] = end } else if !isKnown(node) { return }
          keep(record)
        case .forgotten, .index: break
        case .passthrough(let event): passthrough.apply(event)
        case .member(let number, let text): members.set(number, text)
        }
      }
      if let index = state.index { keep(.index(index)) }
      for (number, text) in members.inOrder { keep(.member(number, text)) }
      for event in passthrough.events { keep(.passthrough(event)) }
      flush()
      // Otherwise nothing has changed: there is more in the new place than the log says.
      state.compactionCount = max(Self.smallCount, kept * 2)
      guard isRead != nil, isWritten, kept * 2 < state.records else {
        casfs_keeper_free_log(mount.file.rawValue, start, end)
        return
      }
      (state.start, state.end, state.records, state.earlier) = (start, end, kept, earlier)
      unsafe casfs_keeper_set_log(mount.state, start, end)
      casfs_keeper_free_log(mount.file.rawValue, old.lowerBound, old.upperBound)
    }
  }
}

/// The last records of members of `incoming`, in the order in which they were written.
private struct RecordedMembers {
  private var last: [UInt64: (position: Int, text: [UInt8])] = [:]
  private var count = 0

  mutating func set(_ number: UInt64, _ text: [UInt8]?) {
    count += 1
    last[number] = text.map { (count, $0) }
  }

  var inOrder: [(number: UInt64, text: [UInt8])] {
    last.sorted { $0.value.position < $1.value.position }.map { ($0.key, $0.value.text) }
  }
}
