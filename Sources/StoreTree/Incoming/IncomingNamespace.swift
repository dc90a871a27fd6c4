import CASPlatform
import OCI
import SystemPackage

/// The directory tree below `incoming`, under one lock, so that a rename is atomic.
final class IncomingNamespace: Sendable {
  enum Member: Sendable {
    case directory(IncomingInode)
    case file(IncomingFile)
  }

  /// The directory of a member, and its name there.
  typealias Place = (parent: UInt64, name: FileName)

  struct State {
    /// The members of each directory, by the number of the directory.
    var members: [UInt64: [FileName: Member]]
    /// The parent and name of each file and directory, by its number.
    var places: [UInt64: Place] = [:]
    var nextNumber: UInt64
  }

  let root: IncomingInode
  /// Whether the content is temporary, and becomes a blob only by a rename.
  let isScratch: Bool
  /// The algorithm by which content is hashed that does not say another.
  let algorithm: Digest.Algorithm
  private let limit: Int
  let state: Monitor<State>
  let journal: (any NodeJournal)?
  /// Held while a member is recorded, so that its last record is of its last state.
  let recording = Monitor(())

  init(
    limit: Int, started: Timestamp, options: TreeOptions, isScratch: Bool = false,
    algorithm: Digest.Algorithm = .sha256, journal: (any NodeJournal)? = nil
  ) {
    self.journal = journal
    self.limit = limit
    self.isScratch = isScratch
    self.algorithm = algorithm
    // Random, so that inode numbers differ from those of other mounts and of earlier daemons of this one.
    let first = UInt64.random(in: 1 << 32..<1 << 60)
    root = IncomingInode(
      number: 0, FileMetadata(permissions: 0o755, user: options.user, group: options.group, now: started))
    state = Monitor(State(members: [0: [:]], nextNumber: first))
  }

  func nextNumber() -> UInt64 {
    state.withLock { state in
      defer { state.nextNumber += 1 }
      return state.nextNumber
    }
  }

  func member(_ name: FileName, of directory: IncomingInode) -> Member? {
    state.withLock { $0.members[directory.number]?[name] }
  }

  func members(of directory: IncomingInode) throws(Errno) -> [(name: FileName, member: Member)] {
    guard let members = state.withLock({ $0.members[directory.number] }) else { throw .noSuchFileOrDirectory }
    return members.map { ($0.key, $0.value) }
  }

  /// Whether a directory exists and was not removed.
  func has(_ directory: IncomingInode) -> Bool {
    state.withLock(notifying: .none) { $0.members[directory.number] != nil }
  }

  /// The depth of a directory below `incoming`, and the number of its parent.
  func position(of directory: IncomingInode) -> (depth: Int, parent: UInt64) {
    state.withLock { state in
      let parent = state.places[directory.number]?.parent ?? 0
      return (Self.depth(of: directory.number, state), parent)
    }
  }

  func place(of number: UInt64) -> Place? { state.withLock(notifying: .none) { $0.places[number] } }

  func name(of number: UInt64) -> FileName? { place(of: number)?.name }

  /// The depth of a file's directory below `incoming`.
  func depth(ofFile number: UInt64) -> Int {
    state.withLock { Self.depth(of: number, $0) - 1 }
  }

  private static func depth(of number: UInt64, _ state: State) -> Int {
    var depth = 0
    var current = number
    while current != 0, let place = state.places[current] {
      depth += 1
      current = place.parent
    }
    return depth
  }

  func insert(_ member: Member, _ name: FileName, in parent: IncomingInode) throws(Errno) {
    try state.withLock { (state) throws(Errno) in
      guard let members = state.members[parent.number] else { throw .noSuchFileOrDirectory }
      guard members[name] == nil else { throw .fileExists }
      guard state.places.count < limit else { throw .noSpace }
      state.members[parent.number]?[name] = member
      state.places[member.number] = (parent.number, name)
      if case .directory(let new) = member { state.members[new.number] = [:] }
    }
    parent.touch()
    record(member)
  }

  /// Removes a file by name: `unlink(2)`. The caller marks the file as unlinked.
  func removeFile(_ name: FileName, from parent: IncomingInode) throws(Errno) -> IncomingFile {
    let file = try state.withLock { (state) throws(Errno) in
      guard let member = state.members[parent.number]?[name] else { throw Errno.noSuchFileOrDirectory }
      guard case .file(let file) = member else { throw .isDirectory }
      state.members[parent.number]?[name] = nil
      state.places[file.number] = nil
      return file
    }
    parent.touch()
    record(.file(file))
    return file
  }

  /// Every file, in no particular order.
  var files: [IncomingFile] {
    state.withLock(notifying: .none) { state in
      state.members.values.flatMap { members in
        members.values.compactMap { if case .file(let file) = $0 { file } else { nil } }
      }
    }
  }

  /// Whether there is neither a file nor a directory.
  var isEmpty: Bool { state.withLock(notifying: .none) { $0.places.isEmpty } }

  /// Whether a file, or one below a directory, is open for writing.
  func hasOpenWriter(_ member: Member) -> Bool {
    state.withLock(notifying: .none) { Self.files(below: member, $0) }.contains { file in
      file.state.withLock { $0.openWriters > 0 }
    }
  }

  /// Removes a member of the root, with all that is below it.
  func removeTree(_ name: FileName) {
    let files = state.withLock { (state) -> [IncomingFile] in
      guard let member = state.members[root.number]?.removeValue(forKey: name) else { return [] }
      let files = Self.files(below: member, state)
      Self.forget(member, &state)
      return files
    }
    for file in files { file.unlink() }
  }

  private static func files(below member: Member, _ state: State) -> [IncomingFile] {
    switch member {
    case .file(let file): [file]
    case .directory(let directory): (state.members[directory.number] ?? [:]).values.flatMap { files(below: $0, state) }
    }
  }

  private static func forget(_ member: Member, _ state: inout State) {
    state.places[member.number] = nil
    guard case .directory(let directory) = member else { return }
    for child in (state.members.removeValue(forKey: directory.number) ?? [:]).values { forget(child, &state) }
  }

  /// Removes a file, wherever it is.
  func remove(_ file: IncomingFile) {
    state.withLock { state in
      guard let place = state.places.removeValue(forKey: file.number) else { return }
      state.members[place.parent]?[place.name] = nil
    }
    record(.file(file))
  }

  func removeDirectory(_ name: FileName, from parent: IncomingInode) throws(Errno) {
    let directory = try state.withLock { (state) throws(Errno) in
      guard let member = state.members[parent.number]?[name] else { throw Errno.noSuchFileOrDirectory }
      guard case .directory(let directory) = member else { throw .notDirectory }
      guard state.members[directory.number]?.isEmpty ?? true else { throw .directoryNotEmpty }
      state.members[parent.number]?[name] = nil
      state.members[directory.number] = nil
      state.places[directory.number] = nil
      return directory
    }
    parent.touch()
    record(.directory(directory))
  }

  /// Moves a file or directory: `rename(2)`.
  ///
  /// - Parameter allows: called for a file under the lock; its error cancels the move.
  /// - Returns: the file that had the new name and was replaced.
  func rename(
    _ name: FileName, in parent: IncomingInode, to other: FileName, in target: IncomingInode, replacing: Bool,
    _ allows: (IncomingFile) throws(Errno) -> Void
  ) throws(Errno) -> IncomingFile? {
    let moved = try state.withLock { (state) throws(Errno) -> (member: Member, replaced: Member?)? in
      guard let member = state.members[parent.number]?[name] else { throw Errno.noSuchFileOrDirectory }
      guard state.members[target.number] != nil else { throw .noSuchFileOrDirectory }
      let existing = state.members[target.number]?[other]
      if let existing, existing.number == member.number { return nil }
      if existing != nil, !replacing { throw .fileExists }
      switch (member, existing) {
      case (.directory(let directory), _) where Self.isWithin(target.number, directory.number, state):
        throw .invalidArgument
      case (.directory, .file): throw .notDirectory
      case (.file, .directory): throw .isDirectory
      case (.directory, .directory(let old)):
        guard state.members[old.number]?.isEmpty ?? true else { throw .directoryNotEmpty }
        state.members[old.number] = nil
        state.places[old.number] = nil
      case (.file(let file), .file(let old)):
        try allows(file)
        state.places[old.number] = nil
      case (.file(let file), nil): try allows(file)
      case (.directory, nil): break
      }
      state.members[parent.number]?[name] = nil
      state.members[target.number]?[other] = member
      state.places[member.number] = (target.number, other)
      return (member, existing)
    }
    parent.touch()
    target.touch()
    guard let moved else { return nil }
    // In this order: a process that dies between the two leaves the new member in the place of the other.
    record(moved.member)
    if let replaced = moved.replaced { record(replaced) }
    if case .file(let replaced) = moved.replaced { return replaced }
    return nil
  }

  private static func isWithin(_ number: UInt64, _ ancestor: UInt64, _ state: State) -> Bool {
    var current = number
    while current != ancestor {
      guard let place = state.places[current] else { return false }
      current = place.parent
    }
    return true
  }

  /// Discards the uncommitted content of every file.
  func discardUncommitted(_ context: RequestContext) {
    for file in files { file.discard(context) }
  }
}

extension IncomingNamespace.Member {
  var number: UInt64 {
    switch self {
    case .directory(let directory): directory.number
    case .file(let file): file.number
    }
  }

  /// The process that created it; 0 when it cannot be seen.
  var creator: ProcessIdentity {
    switch self {
    case .directory(let directory): directory.creator
    case .file(let file): file.creator
    }
  }

  /// When it was last written.
  var modified: Timestamp {
    switch self {
    case .directory(let directory): directory.current.modified
    case .file(let file): file.metadata.modified
    }
  }
}
