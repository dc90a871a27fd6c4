import CAS
import CASPlatform
import OCI
import SystemPackage

/// References as entries of `index.json`: read, modify, write and rename, with the ``StoreLock`` held.
///
/// Other tools take no lock and rewrite the file in place. So torn reads are retried, an index that does not parse is
/// never overwritten, and a change starts again if the file changed since it was read.
final class IndexStore: ReferenceStore {
  /// The index, and the state of the file that it was read from.
  private struct Snapshot {
    var index: ImageIndex
    var status: FileStatus
    /// Whether any change since the file was read shows in its times.
    var isSettled: Bool
  }

  /// The times that the file system gives to changes.
  private enum ChangeTimes {
    /// This process has not changed the index.
    case unused
    case untried
    case precise
    case coarse
  }

  private static let fileName = ImageIndex.fileName
  /// The limit on starts of one change against tools that keep changing the file.
  private static let maximumAttempts = 50
  /// The coarsest granularity of file times: two changes within it may have the same one.
  private static let settlingTime = Duration.seconds(2)

  private let root: OpenFile
  private let path: String
  private let links: LinkPolicy
  private let lock: StoreLock
  /// The latest snapshot. If it is settled, it is valid as long as the file's identity is the same; the next one is probably
  /// like it in any case.
  private let latest = Monitor<Snapshot?>(nil)
  /// Whether the file system tells two changes apart however soon they follow each other. The second change tries it, as
  /// most commands make one, and reading must not wait for a disk that is full or frozen.
  private let changeTimes = Monitor(ChangeTimes.unused)
  /// The state of the file that is known to be durable.
  private let knownDurable = Monitor<FileIdentity?>(nil)

  init(_ root: OpenFile, path: String, _ links: LinkPolicy) {
    self.root = root
    self.path = path
    self.links = links
    lock = StoreLock(root)
  }

  func index(_ context: OperationContext) throws(CASError) -> ImageIndex {
    try snapshot(context).index
  }

  private func snapshot(_ context: OperationContext) throws(CASError) -> Snapshot {
    if let known = latest.withLock({ $0 }), known.isSettled, isCurrent(known.status) { return known }
    return try read(context)
  }

  func reference(named name: ReferenceName, _ context: OperationContext) throws(CASError) -> Descriptor? {
    guard let entry = try index(context.on(path)).entry(named: name) else { return nil }
    do throws(InvalidValue) {
      return try entry.descriptor.get()
    } catch {
      throw .invalid(context, error)
    }
  }

  func put(
    _ descriptor: Descriptor, named name: ReferenceName, replacing: Bool, _ context: OperationContext
  ) throws(CASError) {
    try change(context) { (index) throws(CASError) in
      let taken = index.entries(changedBy: name)
      if taken.isEmpty { try context.checkGrammar(of: name) }
      let isSame = taken.allSatisfy { (try? $0.descriptor.get()) == descriptor }
      if !replacing {
        guard isSame else { throw .clobber(context) }
        if !taken.isEmpty { return nil }
      } else if isSame, taken.count == 1 {
        return nil
      }
      return index.pieces(setting: descriptor, named: name)
    }
  }

  func checkPut(_ name: ReferenceName, _ context: OperationContext) throws(CASError) {
    if try index(context).entry(named: name) == nil { try context.checkGrammar(of: name) }
  }

  func move(
    _ name: ReferenceName, to other: ReferenceName, replacing: Bool, _ context: OperationContext
  ) throws(CASError) {
    try change(context) { (index) throws(CASError) in
      guard index.entry(named: name) != nil else { throw .notFound(context) }
      if index.entry(named: other) == nil {
        try context.checkGrammar(of: other)
      } else if !replacing {
        throw .clobber(context.on(other))
      }
      return index.pieces(moving: name, to: other)
    }
  }

  func delete(_ name: ReferenceName, _ context: OperationContext) throws(CASError) {
    try change(context) { (index) in index.pieces(removing: name) }
  }

  func change(
    _ change: IndexChange, refusesConflicts: Bool, _ context: OperationContext
  ) throws(CASError) -> [IndexMerge.Conflict] {
    var conflicts: [IndexMerge.Conflict] = []
    try self.change(context) { (index) throws(CASError) in
      let merge = try context.merge(change, with: index.text, refusesConflicts: refusesConflicts)
      conflicts = merge.conflicts
      return merge.pieces.hasBytes(of: index.content) ? nil : merge.pieces
    }
    return conflicts
  }

  func withReferencesLocked<Result>(
    _ context: OperationContext, _ body: (ImageIndex) throws(CASError) -> Result
  ) throws(CASError) -> Result {
    try lock.withLock(context) { () throws(CASError) in
      let index = try index(context)
      // Other tools do not call `fsync(2)`.
      try mappingErrno(context, try makeDurable())
      return try body(index)
    }
  }

  private func makeDurable() throws(Errno) {
    let identity = try root.status(of: Self.fileName).identity
    if knownDurable.withLock({ $0 == identity }) { return }
    let file = try root.openBeneath(Self.fileName, [.readOnly, .nonBlocking])
    try file.synchronize()
    try root.synchronizeDirectory()
    let after = try file.status().identity
    knownDurable.withLock { $0 = after }
  }

  /// Reads, edits and replaces the index with the lock held.
  ///
  /// - Parameter body: returns the pieces of the new content; `nil` if nothing is to be changed.
  private func change(
    _ context: OperationContext, _ body: (ImageIndex) throws(CASError) -> [ArraySlice<UInt8>]?
  ) throws(CASError) {
    try lock.withLock(context) { () throws(CASError) in
      for _ in 0..<Self.maximumAttempts {
        try context.checkCancellation()
        let snapshot = try snapshot(context)
        guard let content = try body(snapshot.index) else {
          // The writer of this state may have been killed before it was durable.
          return try mappingErrno(context, try root.synchronizeDirectory())
        }
        guard content.byteCount <= ImageIndex.maximumSize else {
          throw .invalid(context, file: Self.fileName, "the new index exceeds \(ImageIndex.maximumSize) bytes")
        }
        do throws(Errno) {
          let isDone = try root.replaceFile(
            Self.fileName, with: content, root: root, like: snapshot.status, if: { isCurrent(snapshot.status) })
          if isDone { return didChange() }
        } catch {
          throw CASError(error, context, file: Self.fileName)
        }
      }
      throw CASError(.resourceBusy, context, file: Self.fileName)
    }
  }

  private func didChange() {
    changeTimes.withLock { times in
      switch times {
      case .unused: times = .untried
      case .untried: times = root.tellsChangesApart() ? .precise : .coarse
      case .precise, .coarse: break
      }
    }
  }

  private func isCurrent(_ status: FileStatus) -> Bool {
    (try? links.status(of: Self.fileName, in: root).identity) == status.identity
  }

  private func read(_ context: OperationContext) throws(CASError) -> Snapshot {
    let snapshot = try TornReadRetry.run(context, file: Self.fileName) { () throws(CASError) in
      do throws(Errno) {
        let now = Timestamp.now.seconds
        let (file, status) = try links.openFile(Self.fileName, in: root)
        // Checked first, so that a huge sparse file is rejected without being read up to the limit.
        guard status.size <= Int64(ImageIndex.maximumSize) else { throw .fileTooLarge }
        let changed = max(status.identity.modified.seconds, status.identity.changed.seconds)
        let isSettled = .seconds(now - changed) > Self.settlingTime || showsChanges(of: file)
        return try index(in: file, size: status.size).map { Snapshot(index: $0, status: status, isSettled: isSettled) }
      } catch {
        switch error {
        case .noSuchFileOrDirectory: return .failure(InvalidValue("the file is gone"))
        case .fileTooLarge:
          return .failure(InvalidValue("more than \(ImageIndex.maximumSize) bytes", exceedsBounds: true))
        case .tooManySymbolicLinkLevels: return .failure(InvalidValue(links.loopReason, exceedsBounds: true))
        case .invalidArgument: return .failure(InvalidValue("not a regular file", exceedsBounds: true))
        default: throw CASError(error, context, file: Self.fileName)
        }
      }
    }
    latest.withLock { $0 = snapshot }
    return snapshot
  }

  /// Whether the times of a file that was changed just now show every change from now on.
  ///
  /// A write sets them before it copies its bytes, so no process may have the file open for writing.
  private func showsChanges(of file: OpenFile) -> Bool {
    changeTimes.withLock { $0 } == .precise && file.hasWriter() == false
  }

  /// Reads the index from its file. Content that is known is compared, and neither copied nor parsed again.
  private func index(in file: OpenFile, size: Int64) throws(Errno) -> Result<ImageIndex, InvalidValue> {
    let known = latest.withLock { $0?.index }
    if let known, size == Int64(known.content.count), try file.hasContents(known.content) { return .success(known) }
    let content = try file.contents(limit: ImageIndex.maximumSize, expecting: size)
    return Result { () throws(InvalidValue) in try ImageIndex(parsing: content, like: known) }
  }
}
