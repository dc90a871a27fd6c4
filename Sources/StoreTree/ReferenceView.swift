internal import CAS
internal import OCI
internal import Platform
internal import SystemPackage

/// The references of the store as paths below `refs`, no older than half a second.
///
/// Names with `/` are nested. A name that another is a path prefix of cannot be, so it is shown flat, with `%2F`; `%`
/// is `%25`. Each path stands for one name.
final class ReferenceView: Sendable {
  /// What stands at a path.
  enum Place: Sendable {
    case directory
    /// And when it was first seen to stand there.
    case reference(Reference, Timestamp)
    /// A name that is being written for the first time.
    case unwritten
  }

  private struct Snapshot {
    var paths: ReferencePaths
    /// Entries of the index without a name, by the names they have in `images`.
    var unnamed: [FileName: Descriptor]
    var index: [UInt8]
    var taken: Timestamp
    /// When the index was first seen to be as it is; what never changed is as old as the mount.
    var modified: Timestamp
    /// How many changes had been noticed when reading began.
    var changes: UInt64
  }

  private struct State {
    var snapshot: Snapshot?
    /// How many changes have been noticed: what was read before the last of them is out of date.
    var changes: UInt64 = 0
  }

  /// What is only here: directories made for names to come, and names that are being written.
  fileprivate struct Local {
    var directories: Set<[FileName]> = []
    var writing: [[FileName]: Int] = [:]
  }

  private let engine: any Engine
  private let local = Monitor(Local())
  private let state = Monitor(State())

  init(_ engine: any Engine) {
    self.engine = engine
  }

  func place(_ path: [FileName], _ shared: TreeShared) throws(Errno) -> Place? {
    let stored = try current(shared).paths
    if let (reference, modified) = stored[path] { return .reference(reference, modified) }
    if stored.isDirectory(path) { return .directory }
    return local.withLock { (local) in
      if local.directories.contains(path) { return .directory }
      return local.writing[path] == nil ? nil : .unwritten
    }
  }

  /// The names in a directory.
  ///
  /// - Parameter withUnwritten: whether those are among them that are being written for the first time.
  func children(
    of path: [FileName], withUnwritten: Bool = true, _ shared: TreeShared
  ) throws(Errno) -> [FileName] {
    guard case .directory = try place(path, shared) else { throw .noSuchFileOrDirectory }
    let names = try current(shared).paths.children(of: path)
    return names + local.withLock { $0.children(of: path, withUnwritten: withUnwritten, without: names) }
  }

  /// Notes that a name is being written, so that it is found before it is a reference.
  func beginWriting(_ path: [FileName]) {
    local.withLock { $0.writing[path, default: 0] += 1 }
  }

  func endWriting(_ path: [FileName]) {
    local.withLock { local in
      let count = local.writing[path] ?? 0
      local.writing[path] = count > 1 ? count - 1 : nil
    }
  }

  /// Makes a directory for names to come.
  func makeDirectory(_ path: [FileName], _ shared: TreeShared) throws(Errno) {
    guard try place(path, shared) == nil else { throw .fileExists }
    local.withLock { _ = $0.directories.insert(path) }
  }

  /// Removes a directory that no name is in.
  func removeDirectory(_ path: [FileName], _ shared: TreeShared) throws(Errno) {
    switch try place(path, shared) {
    case nil: throw .noSuchFileOrDirectory
    case .reference, .unwritten: throw .notDirectory
    case .directory:
      guard try children(of: path, shared).isEmpty else { throw .directoryNotEmpty }
      local.withLock { _ = $0.directories.remove(path) }
    }
  }

  /// The name of a reference at a path, when a reference of that name is or would be shown there.
  func name(of path: [FileName], _ shared: TreeShared) throws(Errno) -> ReferenceName {
    let components = path.map { Self.unescaped($0.text) }
    guard let name = try? ReferenceName(reading: components.joined(separator: "/")) else { throw .invalidArgument }
    guard try current(shared).paths.path(of: name) == path else { throw .invalidArgument }
    return name
  }

  /// Notes a change: what was read of the store before, or is being read now, counts no more.
  func refresh() {
    state.withLock { $0.changes += 1 }
  }

  /// The index's entries without a name: `@sha256:HEX` and what they describe.
  func unnamed(_ shared: TreeShared) throws(Errno) -> [FileName: Descriptor] {
    try current(shared).unnamed
  }

  /// The store's index as a layout has it.
  func index(_ shared: TreeShared) throws(Errno) -> [UInt8] {
    try current(shared).index
  }

  /// When a reference was last seen to change.
  func modified(_ shared: TreeShared) throws(Errno) -> Timestamp {
    try current(shared).modified
  }

  private func current(_ shared: TreeShared) throws(Errno) -> Snapshot {
    let now = Timestamp.now
    let (known, changes) = state.withLock { ($0.snapshot, $0.changes) }
    if let known, known.changes == changes, now >= known.taken, Self.age(known.taken, now) < 0.5 { return known }
    let new = try shared.translating { () throws(CASError) -> Snapshot in
      let index = try engine.index()
      if var known, known.index == index.content {
        known.taken = now
        known.changes = changes
        return known
      }
      let unnamed = index.entries.filter { $0.name == nil }.compactMap { try? $0.descriptor.get() }
      let modified = known == nil ? shared.started : now
      return Snapshot(
        paths: ReferencePaths(try engine.listReferences(), seen: modified, after: known?.paths),
        unnamed: Dictionary(unnamed.map { (FileName("@\($0.digest)"), $0) }) { (first, _) in first },
        index: index.content, taken: now, modified: modified, changes: changes)
    }
    state.withLock { state in
      // Another thread may have read later than this one.
      if let other = state.snapshot, other.changes > changes { return }
      state.snapshot = new
    }
    return new
  }

  private static func age(_ from: Timestamp, _ to: Timestamp) -> Double {
    Double(to.seconds - from.seconds) + (Double(to.nanoseconds) - Double(from.nanoseconds)) / 1e9
  }

  /// A name, or a part of one, as a file name.
  static func escaped(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var result: [UInt8] = []
    for scalar in text.unicodeScalars {
      let bytes = String(scalar).utf8
      switch scalar {
      case "%", "/", "\0"..<" ", "\u{7F}", NameText.byteScalars:
        for byte in bytes { result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
      default: result.append(contentsOf: bytes)
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  private static func unescaped(_ text: String) -> String {
    var result: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2,
        let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        result.append(code)
        rest = rest.dropFirst(2)
      } else {
        result.append(byte)
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}

extension ReferenceView.Local {
  fileprivate func children(
    of path: [FileName], withUnwritten: Bool, without known: [FileName]
  ) -> [FileName] {
    let mine = Array(directories) + (withUnwritten ? Array(writing.keys) : [])
    let names = Set(mine.filter { $0.count == path.count + 1 && $0.starts(with: path) }.compactMap(\.last))
    return Array(names.subtracting(known))
  }
}
