/// One action of a process.
struct Step: CustomStringConvertible {
  /// The number of the process, from 0.
  var process: Int
  var action: Action

  /// How a file is opened.
  enum Mode: String, CaseIterable {
    /// For writing, created or truncated, as `>` in a shell.
    case new
    /// For reading and writing, created if absent.
    case keep
    /// For writing, and it must be absent.
    case only
    /// For reading and appending, as `>>`.
    case append
    /// For reading.
    case read
    /// For reading and writing an existing file.
    case both
    /// For reading and writing an existing file, truncated.
    case cut

    var makes: Bool { [.new, .keep, .only, .append].contains(self) }
    var cuts: Bool { self == .new || self == .cut }
    var writes: Bool { self != .read }
    var reads: Bool { self != .new && self != .only }
  }

  enum Action {
    case open(Int, String, Mode)
    case write(Int, count: Int, tag: Int)
    case pwrite(Int, at: Int, count: Int, tag: Int)
    case read(Int, count: Int)
    case pread(Int, at: Int, count: Int)
    case seek(Int, Int)
    /// Finds all data with `lseek(2)`, and takes the rest for zeros.
    case holes(Int)
    /// Copies with `copy_file_range(2)` from one descriptor to another.
    case copy(Int, Int, from: Int, to: Int, count: Int)
    case ftruncate(Int, Int)
    case truncate(String, Int)
    case dup(Int, Int)
    case close(Int)
    case fsync(Int)
    /// `fallocate(2)` with a mode, which no file has.
    case allocate(Int, mode: Int)
    case fork(Int)
    case exit
    case kill
    case rename(String, String)
    case unlink(String)
    case mkdir(String)
    case rmdir(String)
    case delete(String)
    case tag(String, String)
    case retag(String, String)
    case untag(String)
    case mkref(String)
    case rmref(String)
    case mread(Int, at: Int, count: Int)
    case mstore(Int, at: Int, count: Int, tag: Int)
    case mhold(Int)
    case mput(at: Int, count: Int, tag: Int)
    case mdrop
    /// Prints everything visible.
    case look
  }

  var description: String { "\(process) \(action.words)" }
  /// The command for the worker.
  var command: String { Content.expanded(action.words) }
}

extension Step.Action {
  /// The command for the worker, with placeholders for digests.
  var words: String {
    switch self {
    case .open(let slot, let path, let mode): "open \(slot) \(path) \(mode)"
    case .write(let slot, let count, let tag): "write \(slot) \(count) \(tag)"
    case .pwrite(let slot, let offset, let count, let tag): "pwrite \(slot) \(offset) \(count) \(tag)"
    case .read(let slot, let count): "read \(slot) \(count)"
    case .pread(let slot, let offset, let count): "pread \(slot) \(offset) \(count)"
    case .seek(let slot, let offset): "seek \(slot) \(offset)"
    case .holes(let slot): "holes \(slot)"
    case .copy(let slot, let other, let from, let to, let count): "copy \(slot) \(other) \(from) \(to) \(count)"
    case .ftruncate(let slot, let size): "ftruncate \(slot) \(size)"
    case .truncate(let path, let size): "truncate \(path) \(size)"
    case .dup(let slot, let other): "dup \(slot) \(other)"
    case .close(let slot): "close \(slot)"
    case .fsync(let slot): "fsync \(slot)"
    case .allocate(let slot, let mode): "allocate \(slot) \(mode)"
    case .fork(let child): "fork \(child)"
    case .exit: "exit"
    case .kill: "kill"
    case .rename(let path, let other): "rename \(path) \(other)"
    case .unlink(let path): "unlink \(path)"
    case .mkdir(let path): "mkdir \(path)"
    case .rmdir(let path): "rmdir \(path)"
    case .delete(let hex): "delete \(hex)"
    case .tag(let name, let text): "tag \(name) \(text)"
    case .retag(let name, let other): "retag \(name) \(other)"
    case .untag(let name): "untag \(name)"
    case .mkref(let name): "mkref \(name)"
    case .rmref(let name): "rmref \(name)"
    case .mread(let slot, let offset, let count): "mread \(slot) \(offset) \(count)"
    case .mstore(let slot, let offset, let count, let tag): "mstore \(slot) \(offset) \(count) \(tag)"
    case .mhold(let slot): "mhold \(slot)"
    case .mput(let offset, let count, let tag): "mput \(offset) \(count) \(tag)"
    case .mdrop: "mdrop"
    case .look: "look"
    }
  }
}
