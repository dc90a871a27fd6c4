import CAS
import CASPlatform
import OCI
import SystemPackage

/// The temporary files and directories of tools in one place of the layout.
///
/// They take space in the store's file system, and have no names there. Each is listed to the process that made it alone,
/// because tools that collect garbage trip over foreign names.
struct ScratchArea {
  let shared: TreeContext
  let place: ScratchName.Place

  /// How long content stays that another process is to rename, or whose process cannot be seen.
  private static let maximumAge = Duration.seconds(3600)

  var namespace: IncomingNamespace { shared.scratch(place) }

  func child(named name: String, _ context: RequestContext) -> (any Node)? {
    switch member(name, context)?.member {
    case .directory(let state): IncomingDirectory(shared, namespace, state)
    case .file(let file): file
    case nil: nil
    }
  }

  /// The entries that the process of the caller made.
  func entries(_ context: RequestContext) throws(Errno) -> [DirectoryEntry] {
    sweep()
    let members = try namespace.members(of: namespace.root)
    if members.isEmpty { return [] }
    let process = shared.processes.process(ofThread: context.thread)
    return members.filter { $0.member.creator == process }.map { (name, member) in
      let text = name.text.utf8.firstIndex(of: UInt8(ascii: "/")).map { String(name.text[..<$0]) } ?? name.text
      let isDirectory = if case .directory = member { true } else { false }
      return DirectoryEntry(
        name: text, inode: Inode.incoming(member.number), kind: isDirectory ? .directory : .file)
    }
  }

  /// Creates a file.
  ///
  /// - Throws: EPERM if no tool gives such a name to temporary content.
  func create(
    _ name: String, permissions: UInt32, _ context: RequestContext
  ) throws(Errno) -> (node: any Node, handle: any FileHandle) {
    guard let scratch = ScratchName(file: name, in: place) else { throw .notPermitted }
    sweep()
    let process = shared.processes.process(ofThread: context.thread)
    shared.removals.noteUse(by: process)
    let file = IncomingFile(
      shared, namespace, number: shared.incoming.nextNumber(), expectedDigest: nil,
      namespace.root.current.ofNewChild(permissions, isDirectory: false, context), creator: process)
    try namespace.insert(.file(file), key(scratch, process), in: namespace.root)
    return (file, try file.openNew(context))
  }

  /// Makes a directory.
  ///
  /// - Throws: EPERM as for a file.
  func makeDirectory(_ name: String, permissions: UInt32, _ context: RequestContext) throws(Errno) -> any Node {
    guard let scratch = ScratchName(directory: name, in: place) else { throw .notPermitted }
    sweep()
    let process = shared.processes.process(ofThread: context.thread)
    let new = IncomingInode(
      number: shared.incoming.nextNumber(),
      namespace.root.current.ofNewChild(permissions, isDirectory: true, context), creator: process)
    try namespace.insert(.directory(new), key(scratch, process), in: namespace.root)
    return IncomingDirectory(shared, namespace, new)
  }

  func removeFile(_ name: String, _ context: RequestContext) throws(Errno) {
    guard let key = member(name, context)?.key else { throw .noSuchFileOrDirectory }
    try namespace.removeFile(key, from: namespace.root).unlink()
  }

  func removeDirectory(_ name: String, _ context: RequestContext) throws(Errno) {
    guard let key = member(name, context)?.key else { throw .noSuchFileOrDirectory }
    try namespace.removeDirectory(key, from: namespace.root)
  }

  /// Renames temporary content: to another such name, or to what it is for.
  func rename(
    _ name: String, to other: String, in directory: any Node, replacing: Bool, _ context: RequestContext
  ) throws(Errno) {
    guard let (key, member) = member(name, context) else { throw .noSuchFileOrDirectory }
    if case .file(let file) = member, try file.moveToLayout(other, in: directory, replacing: replacing, context) {
      return
    }
    guard (directory as? any ScratchParent)?.scratch.place == place,
      let scratch = ScratchName(file: other, in: place) ?? ScratchName(directory: other, in: place)
    else { throw .notPermitted }
    let process = shared.processes.process(ofThread: context.thread)
    let replaced = try namespace.rename(
      key, in: namespace.root, to: self.key(scratch, process), in: namespace.root, replacing: replacing
    ) { _ in }
    replaced?.unlink()
  }

  /// Removes what its process left behind.
  ///
  /// - Returns: whether something is left that goes when its process has ended.
  @discardableResult func sweep() -> Bool {
    guard let members = try? namespace.members(of: namespace.root), !members.isEmpty else { return false }
    var isLeft = false
    for (name, member) in members {
      let endsWithProcess = endsWithProcess(name, member)
      if isAbandoned(member, endsWithProcess) {
        namespace.removeTree(name)
      } else {
        isLeft = isLeft || endsWithProcess
      }
    }
    return isLeft
  }

  private func isAbandoned(_ member: IncomingNamespace.Member, _ endsWithProcess: Bool) -> Bool {
    if namespace.hasOpenWriter(member) { return false }
    if endsWithProcess { return !shared.processes.isAlive(process: member.creator) }
    return Timestamp.now.earlier(bySeconds: Self.maximumAge.components.seconds) > member.modified
  }

  private func endsWithProcess(_ name: FileName, _ member: IncomingNamespace.Member) -> Bool {
    member.creator != .unseen && ScratchName(file: name.text, in: place)?.lifetime ?? .process == .process
  }

  private func member(
    _ name: String, _ context: RequestContext
  ) -> (key: FileName, member: IncomingNamespace.Member)? {
    if namespace.isEmpty { return nil }
    let own = ScratchName(file: name, in: place) ?? ScratchName(directory: name, in: place)
    let process = own?.isOfProcess ?? false ? shared.processes.process(ofThread: context.thread) : .unseen
    guard let key = own.map({ key($0, process) }), let member = namespace.member(key, of: namespace.root) else {
      return nil
    }
    return (key, member)
  }

  /// The name in the namespace. One that each process has for itself is followed by the process.
  private func key(_ name: ScratchName, _ process: ProcessIdentity) -> FileName {
    FileName(name.isOfProcess ? "\(name.text)/\(process.number)/\(process.serial)" : name.text)
  }
}

/// A directory in which tools make temporary files.
protocol ScratchParent: Node {
  var scratch: ScratchArea { get }
}

extension TreeContext {
  /// Removes what processes left behind in every place.
  ///
  /// - Returns: whether something is left that goes when its process has ended.
  func sweepScratch() -> Bool {
    let places = [.root] + Digest.Algorithm.allCases.map { ScratchName.Place.blobs($0) }
    return places.count { ScratchArea(shared: self, place: $0).sweep() } > 0
  }
}
