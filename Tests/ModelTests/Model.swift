/// What the mount must do, after the design alone: names, content, descriptors, blobs and references in memory.
///
/// Each action gives the answer that is right, or `nil` when it means nothing now: its descriptor is not open, say.
final class Model {
  /// A file in `incoming/`.
  final class File {
    /// Content that is not committed.
    var draft: [UInt8]? = []
    /// What the last commit made a blob of.
    var committed: [UInt8]?
    /// The identities of the processes by whose handles it was changed since then.
    var writers: Set<Int> = []
    /// The digest that its name promises.
    var promise: String?
    /// Why it cannot be published.
    var failure: String?
    /// Whether a commit after the last close failed.
    var isLate = false
    var isUnlinked = false
    /// Whether content was taken away, of which those who have it open may see what the kernel remembers.
    var isDiscarded = false
    /// How many handles can write it.
    var openWriters = 0

    var content: [UInt8] { draft ?? committed ?? [] }
  }

  /// A file opened once: what descriptors share.
  final class Handle {
    let file: File
    /// The identity of the process that opened it.
    let opener: Int
    let mode: Step.Mode
    var offset = 0
    /// How many descriptors and mappings there are.
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

  /// The descriptors of each process that is there.
  var processes: [Int: [Int: Handle]] = [0: [:]]
  /// What tells each process from those that had its place before.
  var identities: [Int: Int] = [0: 0]
  /// How many children were started.
  var started = 0
  /// Which process has mapped which file for long, if one has, and how much of it.
  var mapping: (process: Int, handle: Handle, size: Int)?
  /// What is in `incoming/`, by path.
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
    case .ftruncate(let slot, let size): return truncate(process, slot, size)
    case .truncate(let path, let size): return truncate(path, size)
    case .dup(let slot, let other): return duplicate(process, slot, other)
    case .close(let slot): return close(process, slot)
    case .fsync(let slot): return synchronize(process, slot)
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

  /// Everything there is to see, as the worker tells it.
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
