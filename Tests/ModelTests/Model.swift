/// The specified behaviour of a mount: names, content, descriptors, blobs and references in memory.
///
/// Each action returns the right answer, or `nil` when it makes no sense, as with a descriptor that is not open.
final class Model {
  /// A file in `incoming/`.
  final class File {
    /// Uncommitted content.
    var draft: [UInt8]? = []
    /// The content of the last commit.
    var committed: [UInt8]?
    /// The identities of the processes that opened the handles used for changes since then.
    var writers: Set<Int> = []
    /// The digest that its name expects.
    var promise: String?
    /// The error that prevents a commit.
    var failure: String?
    /// Whether a commit after the last close failed.
    var isLate = false
    var isUnlinked = false
    /// Whether content was discarded; open handles may still see what the kernel cached.
    var isDiscarded = false
    /// The number of handles for writing.
    var openWriters = 0

    var content: [UInt8] { draft ?? committed ?? [] }
  }

  /// An open file description, which descriptors share.
  final class Handle {
    let file: File
    /// The identity of the process that opened it.
    let opener: Int
    let mode: Step.Mode
    var offset = 0
    /// The number of descriptors and mappings.
    var uses = 1

    init(_ file: File, opener: Int, _ mode: Step.Mode) {
      self.file = file
      self.opener = opener
      self.mode = mode
    }
  }

  enum Entry {
    case folder
    case file(File)
  }

  struct Reference: Equatable {
    var digest: String
    var size: Int
    var mediaType: String
  }

  /// The descriptors of each running process.
  var processes: [Int: [Int: Handle]] = [0: [:]]
  /// Distinguishes a process from earlier ones with its number.
  var identities: [Int: Int] = [0: 0]
  /// The number of children started.
  var started = 0
  /// The long-lived mapping, if there is one: its process, file and size.
  var mapping: (process: Int, handle: Handle, size: Int)?
  /// The entries of `incoming/`, by path.
  var entries: [String: Entry] = [:]
  /// The content of each blob by its digest.
  var blobs: [String: [UInt8]] = [:]
  /// References in the order of the index.
  var references: [(name: String, value: Reference)] = []
  /// The directories made below `refs/`.
  var referenceFolders: Set<String> = []
  static let longest = 400_000

  func answer(to step: Step) -> String? {
    if case .look = step.action { return look() }
    guard processes[step.process] != nil else { return nil }
    let process = step.process
    switch step.action {
    case .open(let slot, let path, let mode): return open(process, slot, path, mode)
    case .write(let slot, let count, let tag): return write(process, slot, at: nil, count, tag)
    case .pwrite(let slot, let offset, let count, let tag): return write(process, slot, at: offset, count, tag)
    case .read(let slot, let count): return read(process, slot, at: nil, count)
    case .pread(let slot, let offset, let count): return read(process, slot, at: offset, count)
    case .seek(let slot, let offset): return seek(process, slot, offset)
    case .holes(let slot): return holes(process, slot)
    case .copy(let slot, let other, let from, let to, let count):
      return copy(process, slot, other, from: from, to: to, count)
    case .ftruncate(let slot, let size): return truncate(process, slot, size)
    case .truncate(let path, let size): return truncate(path, size)
    case .dup(let slot, let other): return duplicate(process, slot, other)
    case .close(let slot): return close(process, slot)
    case .fsync(let slot): return synchronize(process, slot)
    case .allocate(let slot, _): return allocate(process, slot)
    case .fork(let child): return fork(process, child)
    case .exit: return end(process, isKilled: false)
    case .kill: return end(process, isKilled: true)
    case .rename(let path, let other): return rename(path, other)
    case .unlink(let path): return unlink(path)
    case .mkdir(let path): return makeFolder(path)
    case .rmdir(let path): return removeFolder(path)
    case .delete(let hex): return delete(hex)
    case .tag(let name, let text): return tag(name, text)
    case .retag(let name, let other): return retag(name, other)
    case .untag(let name): return untag(name)
    case .mkref(let name): return makeReferenceFolder(name)
    case .rmref(let name): return removeReferenceFolder(name)
    case .mread(let slot, let offset, let count): return mappedRead(process, slot, offset, count)
    case .mstore(let slot, let offset, let count, let tag): return mappedStore(process, slot, offset, count, tag)
    case .mhold(let slot): return hold(process, slot)
    case .mput(let offset, let count, let tag): return put(process, offset, count, tag)
    case .mdrop: return drop(process)
    case .look: return look()
    }
  }

  /// Everything visible, as the worker prints it.
  func look() -> String {
    var lines: [String] = []
    for (path, entry) in entries {
      let shown = Content.expanded(path)
      switch entry {
      case .folder: lines += ["dir \(shown)", "committed dir \(shown)"]
      case .file(let file):
        let late = file.isLate ? " late" : ""
        lines.append("file \(shown) \(file.content.count) \(Content.short(file.content))\(late)")
        if let committed = file.committed { lines.append("committed \(shown) \(Content.short(committed))") }
      }
    }
    for content in blobs.values {
      lines += ["blob \(Content.short(content))", "stored \(Content.short(content))"]
    }
    for (name, value) in references {
      lines.append("ref \(name) sha256:\(value.digest) \(value.size) \(value.mediaType)")
    }
    lines += referenceFolders.map { "ref dir \($0)" }
    return lines.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.joined(separator: "\n")
  }
}
