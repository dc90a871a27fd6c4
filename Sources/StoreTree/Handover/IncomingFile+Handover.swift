import CAS
import CASPlatform
import OCI
import SystemPackage

extension IncomingFile {
  /// Whether the file is more than a name for a blob, which a journal has too.
  var isUnfinished: Bool {
    state.withLock(notifying: .none) { state in
      state.isDirty || state.stage != nil || state.address == nil || state.isUnlinked || state.isBlobName
        || state.failure != nil || state.asyncCommitError != nil || state.expectedDigest != nil
    }
  }

  /// Writes the state for the next program.
  ///
  /// - Throws: EBUSY while the content changes; EOPNOTSUPP if the store cannot go on with it.
  func write(to writer: inout HandoverWriter) throws(Errno) {
    let state = state.withLock(notifying: .none) { $0 }
    guard !state.isBusy, state.activeWrites == 0 else { throw .resourceBusy }
    writer.add(number)
    writer.add(isInBlobs)
    writer.add(creator)
    writer.add(namespace.place(of: number)) { (writer, place) in
      writer.add(place.parent)
      writer.add(place.name.text)
    }
    writer.add(state.metadata)
    writer.add(state.address) { $0.add($1) }
    writer.add(list: state.writers) { $0.add($1) }
    for isTrue in [state.isDirty, state.isUnlinked, state.isBlobName] { writer.add(isTrue) }
    writer.add(state.expectedDigest) { $0.add($1) }
    writer.add(state.failure) { $0.add($1) }
    writer.add(state.asyncCommitError) { $0.add($1) }
    try writer.add(state.stage) { (writer, stage) throws(Errno) in
      guard let content = (stage as? any TransferableStage)?.stagedContent else { throw .notSupportedOnSocket }
      writer.add(content)
    }
  }

  /// Reads what ``write(to:)`` wrote.
  ///
  /// - Returns: the file, and its place among the names of the namespace if it has one.
  static func read(
    from reader: inout HandoverReader, _ shared: TreeContext, _ namespace: IncomingNamespace
  ) throws(Errno) -> (file: IncomingFile, place: IncomingNamespace.Place?) {
    let (number, isInBlobs): (UInt64, Bool) = (try reader.number(), try reader.bool())
    let creator = try reader.process()
    let place = try reader.optional { (reader) throws(Errno) -> IncomingNamespace.Place in
      (try reader.number(), FileName(try reader.text()))
    }
    var state = State(metadata: try reader.metadata(), isDirty: false)
    state.address = try reader.optional { (reader) throws(Errno) in try reader.address() }
    state.writers = Set(try reader.list { (reader) throws(Errno) in try reader.process() })
    (state.isDirty, state.isUnlinked, state.isBlobName) = (try reader.bool(), try reader.bool(), try reader.bool())
    state.expectedDigest = try reader.optional { (reader) throws(Errno) in try reader.digest() }
    state.failure = try reader.optional { (reader) throws(Errno) in try reader.error() }
    state.asyncCommitError = try reader.optional { (reader) throws(Errno) in try reader.text() }
    if let content = try reader.optional({ (reader) throws(Errno) in try reader.stagedContent() }) {
      guard let engine = shared.engine as? any StageTransferring else { throw .notSupportedOnSocket }
      let stage = try shared.errors.map(try engine.resumeStage(content))
      state.stage = stage
      if content.algorithm != namespace.algorithm { state.restaged = (stage, content.algorithm) }
    }
    return (IncomingFile(shared, namespace, number: number, isInBlobs: isInBlobs, creator: creator, state), place)
  }
}

extension HandoverWriter {
  fileprivate mutating func add(_ content: StagedContent) {
    add(content.algorithm.rawValue)
    add(content.size)
    add(content.file) { $0.add($1) }
    add(content.name) { $0.add($1) }
    add(content.failure) { $0.add($1) }
  }
}

extension HandoverReader {
  fileprivate mutating func stagedContent() throws(Errno) -> StagedContent {
    guard let algorithm = Digest.Algorithm(rawValue: try text()) else { throw .badMessage }
    return StagedContent(
      algorithm: algorithm, size: try size(), file: try optional { (reader) throws(Errno) in try reader.file() },
      name: try optional { (reader) throws(Errno) in try reader.text() },
      failure: try optional { (reader) throws(Errno) in try reader.error() })
  }
}
