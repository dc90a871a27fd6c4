import CAS
import CASPlatform
import OCI
import SystemPackage

/// The references of the store as paths below `refs`, as new as the ``ReferenceSource`` has them.
///
/// Names with `/` are nested. A name that has another reference as a path prefix is shown flat, with `%2F`; `%` is
/// `%25`. Paths and names correspond one to one.
final class ReferenceView: Sendable {
  /// The node at a path.
  enum Place: Sendable {
    case directory
    case reference(ListedReference)
    /// A name that is being written for the first time.
    case unwritten
  }

  /// State of the mount alone: directories made for future names, and names that are being written.
  fileprivate struct Local {
    var directories: Set<[FileName]> = []
    var writing: [[FileName]: Int] = [:]
    /// How many opens for writing a process has not closed.
    var open: [Opening: Int] = [:]
  }

  /// The name and the process of an open for writing.
  fileprivate struct Opening: Hashable {
    var path: [FileName]
    var process: ProcessIdentity
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
    let aliases = try aliases(context)
    if let reference = aliases[path] { return .reference(reference) }
    if aliases.isDirectory(path) { return .directory }
    let own: Place? = local.withLock { (local) in
      if local.directories.contains(path) { return .directory }
      return local.writing[path] == nil ? nil : .unwritten
    }
    if let own { return own }
    return try errors.map(try source.unlisted(path, context)).map { .reference($0) }
  }

  /// The names in a directory, and whether each is a directory.
  ///
  /// - Parameter withUnwritten: whether to include names that are being written for the first time.
  func children(
    of path: [FileName], withUnwritten: Bool = true, _ context: RequestContext
  ) throws(Errno) -> [(name: FileName, isDirectory: Bool)] {
    guard case .directory = try place(path, context) else { throw .noSuchFileOrDirectory }
    let stored = try current(context)
    // Names that are not listed are listed in directories that are not.
    let names = try (stored.isDirectory(path) ? stored : aliases(context)).children(of: path)
    return names + local.withLock { $0.children(of: path, withUnwritten: withUnwritten, without: names) }
  }

  /// Shows a name that a process has opened for writing, before it is a reference.
  func beginWriting(_ path: [FileName], process: ProcessIdentity) {
    local.withLock { local in
      local.writing[path, default: 0] += 1
      local.open[Opening(path: path, process: process), default: 0] += 1
    }
  }

  /// Notes that a process has closed its last descriptor of an open.
  func didClose(_ path: [FileName], process: ProcessIdentity) {
    let opening = Opening(path: path, process: process)
    local.withLock { local in
      let count = local.open[opening] ?? 0
      local.open[opening] = count > 1 ? count - 1 : nil
    }
  }

  /// How many opens of a name for writing a process has not closed.
  func openCount(_ path: [FileName], process: ProcessIdentity) -> Int {
    local.withLock(notifying: .none) { $0.open[Opening(path: path, process: process)] ?? 0 }
  }

  func endWriting(_ path: [FileName]) {
    local.withLock { local in
      let count = local.writing[path] ?? 0
      local.writing[path] = count > 1 ? count - 1 : nil
    }
  }

  /// Makes a directory for future names.
  func makeDirectory(_ path: [FileName], _ context: RequestContext) throws(Errno) {
    guard try place(path, context) == nil else { throw .fileExists }
    local.withLock { _ = $0.directories.insert(path) }
  }

  /// The directories that were made for future names.
  var madeDirectories: Set<[FileName]> {
    get { local.withLock(notifying: .none) { $0.directories } }
    set { local.withLock { $0.directories = newValue } }
  }

  /// Removes an empty directory.
  func removeDirectory(_ path: [FileName], _ context: RequestContext) throws(Errno) {
    switch try place(path, context) {
    case nil: throw .noSuchFileOrDirectory
    case .reference, .unwritten: throw .notDirectory
    case .directory:
      guard try children(of: path, context).isEmpty else { throw .directoryNotEmpty }
      local.withLock { _ = $0.directories.remove(path) }
    }
  }

  /// The name that a reference at a path has.
  ///
  /// - Throws: EINVAL when no reference can have this path.
  func name(of path: [FileName], _ context: RequestContext) throws(Errno) -> ReferenceName {
    guard let name = Self.name(of: path), try current(context).path(of: name) == path else { throw .invalidArgument }
    return name
  }

  /// The name whose path this is, or another spelling of it; `nil` if no name has such a path.
  static func name(of path: [FileName]) -> ReferenceName? {
    let components = path.compactMap { PercentEncoding.decode($0.text) }
    guard components.count == path.count else { return nil }
    return try? ReferenceName(reading: components.joined(separator: "/"))
  }

  /// Invalidates answers about these names, or all names, including those of queries under way.
  func refresh(_ names: [ReferenceName] = []) {
    source.refresh(names)
  }

  /// The descriptor of a listed reference, or the error of this reference alone, and when it was last seen to change.
  func descriptor(
    of reference: ListedReference, _ context: RequestContext
  ) throws(Errno) -> (Result<Descriptor, CASError>, modified: Timestamp) {
    guard let (index, position) = reference.entry else {
      return try errors.map(try source.descriptor(of: reference.name, context))
    }
    return (index.entries[position].descriptor.mapError { Self.error($0, of: reference) }, reference.modified)
  }

  private static func error(_ error: InvalidValue, of reference: ListedReference) -> CASError {
    .invalid(OperationContext("read reference", on: reference.name), error)
  }

  /// The descriptor of a listed reference as the line of JSON that its file has, or the error of this reference alone, and
  /// when it was last seen to change.
  func text(
    of reference: ListedReference, _ context: RequestContext
  ) throws(Errno) -> (Result<[UInt8], CASError>, modified: Timestamp) {
    let (text, modified): (Result<[UInt8], CASError>, Timestamp)
    if let (index, position) = reference.entry {
      text = index.unnamedDescriptorText(at: position).mapError { Self.error($0, of: reference) }
      modified = reference.modified
    } else {
      let found = try descriptor(of: reference, context)
      (text, modified) = (found.0.map { $0.named(nil).json.serialized }, found.modified)
    }
    return (text.map { $0 + [UInt8(ascii: "\n")] }, modified)
  }

  /// The reason why the store does not list its references.
  func listingFailure(_ context: RequestContext) throws(Errno) -> CASError? {
    try errors.map(try source.listingFailure(context))
  }

  /// The entries of the index that no name leads to, as `@sha256:HEX`.
  func unnamed(_ context: RequestContext) throws(Errno) -> [FileName: Descriptor] {
    try errors.map(try source.unnamed(context))
  }

  /// The content of `index.json`.
  func index(_ context: RequestContext) throws(Errno) -> IndexText {
    try errors.map(try source.index(context))
  }

  /// When a reference was last seen to change.
  func modified(_ context: RequestContext) throws(Errno) -> Timestamp {
    try errors.map(try source.modified(context))
  }

  private func aliases(_ context: RequestContext) throws(Errno) -> ReferencePaths {
    try errors.map(try source.aliases(context))
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
    of path: [FileName], withUnwritten: Bool, without known: [(name: FileName, isDirectory: Bool)]
  ) -> [(name: FileName, isDirectory: Bool)] {
    func names(in paths: some Sequence<[FileName]>) -> Set<FileName> {
      Set(paths.lazy.filter { $0.count == path.count + 1 && $0.starts(with: path) }.compactMap(\.last))
    }
    let own = names(in: directories)
    let new = withUnwritten ? names(in: writing.keys).subtracting(own) : []
    if own.isEmpty && new.isEmpty { return [] }
    let shown = Set(known.map(\.name))
    return own.subtracting(shown).map { ($0, true) } + new.subtracting(shown).map { ($0, false) }
  }
}
