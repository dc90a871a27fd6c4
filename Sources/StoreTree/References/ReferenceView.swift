import CAS
import CASPlatform
import OCI
import SystemPackage

/// The references of the store as paths below `refs`, as new as its ``ReferenceSource`` has them.
///
/// Names with `/` are nested. A name that another is a path prefix of cannot be, so it is shown flat, with `%2F`; `%`
/// is `%25`. Each path stands for one name.
final class ReferenceView: Sendable {
  /// What stands at a path.
  enum Place: Sendable {
    case directory
    case reference(ListedReference)
    /// A name that is being written for the first time.
    case unwritten
  }

  /// What is only here: directories made for names to come, and names that are being written.
  fileprivate struct Local {
    var directories: Set<[FileName]> = []
    var writing: [[FileName]: Int] = [:]
  }

  private let source: any ReferenceSource
  private let errors: ErrorMapper
  private let local = Monitor(Local())

  init(_ source: any ReferenceSource, errors: ErrorMapper) {
    self.source = source
    self.errors = errors
  }

  func place(_ path: [FileName], _ context: RequestContext) throws(Errno) -> Place? {
    let stored = try current(context)
    if let reference = stored[path] { return .reference(reference) }
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
    of path: [FileName], withUnwritten: Bool = true, _ context: RequestContext
  ) throws(Errno) -> [FileName] {
    guard case .directory = try place(path, context) else { throw .noSuchFileOrDirectory }
    let names = try current(context).children(of: path)
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
  func makeDirectory(_ path: [FileName], _ context: RequestContext) throws(Errno) {
    guard try place(path, context) == nil else { throw .fileExists }
    local.withLock { _ = $0.directories.insert(path) }
  }

  /// Removes a directory that no name is in.
  func removeDirectory(_ path: [FileName], _ context: RequestContext) throws(Errno) {
    switch try place(path, context) {
    case nil: throw .noSuchFileOrDirectory
    case .reference, .unwritten: throw .notDirectory
    case .directory:
      guard try children(of: path, context).isEmpty else { throw .directoryNotEmpty }
      local.withLock { _ = $0.directories.remove(path) }
    }
  }

  /// The name of a reference at a path, when a reference of that name is or would be shown there.
  func name(of path: [FileName], _ context: RequestContext) throws(Errno) -> ReferenceName {
    let components = path.compactMap { PercentEncoding.decode($0.text) }
    guard components.count == path.count, let name = try? ReferenceName(reading: components.joined(separator: "/"))
    else { throw .invalidArgument }
    guard try current(context).path(of: name) == path else { throw .invalidArgument }
    return name
  }

  /// Notes a change: what was read of the store before, or is being read now, counts no more, of these names or of any.
  func refresh(_ names: ReferenceName...) {
    source.refresh(names)
  }

  /// What a listed reference stands for, and when that was last seen to change.
  func descriptor(
    of reference: ListedReference, _ context: RequestContext
  ) throws(Errno) -> (Descriptor, modified: Timestamp) {
    if let descriptor = reference.descriptor { return (descriptor, reference.modified) }
    return try errors.map(try source.descriptor(of: reference.name, context))
  }

  /// The index's entries without a name: `@sha256:HEX` and what they describe.
  func unnamed(_ context: RequestContext) throws(Errno) -> [FileName: Descriptor] {
    try errors.map(try source.unnamed(context))
  }

  /// The store's index as a layout has it.
  func index(_ context: RequestContext) throws(Errno) -> [UInt8] {
    try errors.map(try source.index(context))
  }

  /// When a reference was last seen to change.
  func modified(_ context: RequestContext) throws(Errno) -> Timestamp {
    try errors.map(try source.modified(context))
  }

  private func current(_ context: RequestContext) throws(Errno) -> ReferencePaths {
    try errors.map(try source.paths(context))
  }

  /// A name, or a component of one, as a file name.
  static func escaped(_ text: String) -> String {
    PercentEncoding.encode(text) { scalar in
      switch scalar {
      case "%", "/", "\0"..<" ", "\u{7F}", NameText.byteScalars: true
      default: false
      }
    }
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
