import CAS
import CASPlatform
import OCI
import SystemPackage

/// The versions of `index.json` that were served, which are the bases of the changes that writers make.
///
/// Each version has a stamp that comes back with what a tool makes of it. Old versions are kept as differences. The last
/// version of an earlier process that served the mount is the first one of this process, if the index has not changed.
final class IndexVersions: Sendable {
  /// A version as it is served.
  struct Served: Sendable {
    let stamp: IndexStamp
    fileprivate let text: IndexText

    /// The content in pieces, which share the memory of the store's index.
    var pieces: [ArraySlice<UInt8>] { text.pieces(stamped: stamp) }
    /// The length of the content in bytes.
    var size: Int { pieces.byteCount }
  }

  /// The base of a written index.
  struct Base {
    let text: IndexText
    /// Whether that is the version of the stamp, and not an earlier write of the process under it.
    let isVersion: Bool
  }

  fileprivate struct Old {
    let version: UInt64
    /// The change from the next version to this one.
    let difference: IndexText.Difference
  }

  /// The last write of a process under one stamp.
  fileprivate struct Write {
    let process: ProcessIdentity
    let stamp: IndexStamp
    /// The change from the version of the stamp to the written one.
    let difference: IndexText.Difference
  }

  fileprivate struct Pin {
    let served: Served
    let taken: ContinuousClock.Instant
  }

  fileprivate struct State {
    var source: UInt64
    var text: IndexText?
    var served: Served?
    /// Whether a process has the current version. Only such versions can come back.
    var isOut = false
    var old: [Old] = []
    var oldSize = 0
    var writes: [Write] = []
    var pins: [ProcessIdentity: Pin] = [:]
  }

  /// The most old versions, and the most bytes that they take.
  fileprivate static let maximumCount = 10_000
  fileprivate static let maximumSize = 32 << 20
  /// The most processes whose writes are remembered; their differences take ``maximumSize`` bytes at most.
  private static let maximumWrites = 256
  /// How long a process that has changed nothing gets the same version again. `skopeo delete` finds the position of an entry
  /// in one read, and removes what is there in another.
  private static let pinTime = Duration.seconds(1)

  /// The number of bits of a version that count the versions of a process; the bits above are the number of the process.
  private static let countBits: UInt64 = 32

  private let journal: (any NodeJournal)?
  private let state: Monitor<State>

  init(journal: (any NodeJournal)? = nil) {
    self.journal = journal
    state = Monitor(State(source: journal?.lastIndex?.source ?? UInt64.random(in: 1...UInt64.max)))
  }

  /// Returns the version that a process would open, for its attributes.
  func current(_ text: IndexText, process: ProcessIdentity) -> Served {
    state.withLock { state in
      if let pin = state.pins[process], .now < pin.taken + Self.pinTime { return pin.served }
      return serve(text, &state)
    }
  }

  /// Returns the version for a process that opens the file.
  func open(_ text: IndexText, process: ProcessIdentity) -> Served {
    state.withLock { state in
      let now = ContinuousClock.now
      state.pins = state.pins.filter { now < $0.value.taken + Self.pinTime }
      if process != .unseen, let pin = state.pins[process] { return pin.served }
      let served = serve(text, &state)
      state.isOut = true
      if process != .unseen { state.pins[process] = Pin(served: served, taken: now) }
      return served
    }
  }

  /// Makes a text the current version, unless it is.
  private func serve(_ text: IndexText, _ state: inout State) -> Served {
    if let served = state.served, state.text.map({ $0.content.span.hasBytes(of: text.content.span) }) ?? false {
      return served
    }
    return state.serve(text, as: nextStamp(of: text, after: state))
  }

  private func nextStamp(of text: IndexText, after state: State) -> IndexStamp {
    let (source, served) = (state.source, state.served)
    let first = UInt64(journal?.generation ?? 0) << Self.countBits
    let next = IndexStamp(source: source, version: max(served?.stamp.version ?? 0, first) + 1)
    guard let journal else { return next }
    var hash = SHA2.sha256()
    hash.update(text.content.span)
    let digest = hash.result()
    if served == nil, let last = journal.lastIndex, last.digest == digest {
      return IndexStamp(source: source, version: last.version)
    }
    journal.didServe(RecordedIndex(source: source, version: next.version, digest: digest))
    return next
  }

  /// Ends the pin of a process: what it opens next is the current version.
  func unpin(_ process: ProcessIdentity) {
    state.withLock(notifying: .none) { $0.pins[process] = nil }
  }

  /// Whether a process is served a version that may be older than the current one.
  var hasPins: Bool { state.withLock(notifying: .none) { !$0.pins.isEmpty } }

  /// The current version, which a written index is probably like.
  var latest: IndexText? { state.withLock(notifying: .none) { $0.text } }

  /// Returns the base of what a process wrote; `nil` if it is unknown.
  func base(of stamp: IndexStamp?, process: ProcessIdentity) -> Base? {
    guard let stamp else { return nil }
    return state.withLock { state in
      guard stamp.source == state.source, let version = state.version(stamp.version) else { return nil }
      let write = state.writes.last { $0.process == process && $0.process != .unseen && $0.stamp == stamp }
      guard let write else { return Base(text: version, isVersion: true) }
      return Base(text: version.applying([write.difference]), isVersion: false)
    }
  }

  /// Notes what a process wrote: the base of its next write under the same stamp.
  ///
  /// - Parameter difference: the change from the version of the stamp, if it is known.
  func noteWrite(
    _ written: IndexText, stamp: IndexStamp?, process: ProcessIdentity, _ difference: IndexText.Difference? = nil
  ) {
    state.withLock { state in
      state.pins[process] = nil
      guard process != .unseen, let stamp, stamp.source == state.source,
        let version = state.version(stamp.version)
      else { return }
      state.writes.removeAll { $0.process == process && $0.stamp == stamp }
      state.writes.append(
        Write(
          process: process, stamp: stamp, difference: difference ?? IndexText.Difference(from: version, to: written)))
      while state.writes.count > Self.maximumWrites
        || state.writes.reduce(0, { $0 + $1.difference.size }) > Self.maximumSize
      {
        state.writes.removeFirst()
      }
    }
  }
}

extension IndexVersions {
  /// Writes the versions for the next program, without the pins, which last a second.
  func write(to writer: inout HandoverWriter) {
    let state = state.withLock(notifying: .none) { $0 }
    func add(_ difference: IndexText.Difference, to writer: inout HandoverWriter) {
      let texts = difference.texts
      writer.add(texts.old)
      writer.add(texts.new)
    }
    writer.add(state.source)
    writer.add(state.served) { (writer, served) in
      writer.add(served.stamp.version)
      writer.add(served.text.content)
    }
    writer.add(state.isOut)
    writer.add(list: state.old) { (writer, old) in
      writer.add(old.version)
      add(old.difference, to: &writer)
    }
    writer.add(list: state.writes) { (writer, write) in
      writer.add(write.process)
      writer.add(write.stamp.text)
      add(write.difference, to: &writer)
    }
  }

  /// Reads what ``write(to:)`` wrote.
  ///
  /// - Returns: a function that takes it over.
  func read(from reader: inout HandoverReader) throws(Errno) -> () -> Void {
    func text(_ reader: inout HandoverReader) throws(Errno) -> IndexText {
      guard let text = try? IndexText(parsing: try reader.bytes()) else { throw .badMessage }
      return text
    }
    func difference(_ reader: inout HandoverReader) throws(Errno) -> IndexText.Difference {
      let old = try text(&reader)
      return IndexText.Difference(from: old, to: try text(&reader))
    }
    let source: UInt64 = try reader.number()
    var restored = State(source: source)
    restored.served = try reader.optional { (reader) throws(Errno) in
      let version: UInt64 = try reader.number()
      guard version < .max else { throw .badMessage }
      return Served(stamp: IndexStamp(source: source, version: version), text: try text(&reader))
    }
    restored.text = restored.served?.text
    restored.isOut = try reader.bool()
    restored.old = try reader.list { (reader) throws(Errno) in
      Old(version: try reader.number(), difference: try difference(&reader))
    }
    restored.oldSize = restored.old.reduce(0) { $0 + $1.difference.size }
    restored.writes = try reader.list { (reader) throws(Errno) in
      let process = try reader.process()
      guard let stamp = IndexStamp(try reader.text()) else { throw .badMessage }
      return Write(process: process, stamp: stamp, difference: try difference(&reader))
    }
    return { [restored] in self.state.withLock { $0 = restored } }
  }
}

extension IndexVersions.State {
  /// Makes a text the current version.
  fileprivate mutating func serve(_ new: IndexText, as stamp: IndexStamp) -> IndexVersions.Served {
    // Older versions lead to the current one through all between them.
    if isOut || !old.isEmpty, let served, let text {
      keep(served.stamp.version, IndexText.Difference(from: new, to: text))
    }
    text = new
    isOut = false
    let next = IndexVersions.Served(stamp: stamp, text: new)
    served = next
    return next
  }

  /// Keeps a version as the difference that turns the next one into it.
  private mutating func keep(_ version: UInt64, _ difference: IndexText.Difference) {
    old.append(IndexVersions.Old(version: version, difference: difference))
    oldSize += difference.size
    var excess = 0
    while old.count - excess > IndexVersions.maximumCount || oldSize > IndexVersions.maximumSize, excess < old.count {
      oldSize -= old[excess].difference.size
      excess += 1
    }
    old.removeFirst(excess)
  }

  /// The text of a version, whose entries may be in another order; `nil` if it is forgotten.
  fileprivate func version(_ number: UInt64) -> IndexText? {
    guard let served, let text else { return nil }
    if number == served.stamp.version { return text }
    guard let first = old.firstIndex(where: { $0.version == number }) else { return nil }
    return text.applying(old[first...].reversed().map(\.difference))
  }
}
