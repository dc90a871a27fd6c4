import CAS
import CASPlatform
import SystemPackage
import Testing

@testable import StoreTree

/// An open file of a tree.
struct TestFile {
  var node: NodeID
  var inode: UInt64
  var opened: OpenedFile
  var isWriting: Bool
}

extension TestTree {
  // MARK: Descriptors

  /// Creates a file for writing: `FUSE_CREATE`.
  func create(_ path: String, by caller: Int32 = .opener) throws -> TestFile {
    let names = path.split(separator: "/").map(String.init)
    let parent = try node(names.dropLast().joined(separator: "/"))
    let made = try tree.create(try #require(names.last), permissions: 0o644, in: parent, context(caller))
    return opened(made.file, made.entry, isWriting: true, by: caller)
  }

  /// Opens a file: `FUSE_OPEN`.
  func open(
    _ path: String, writing: Bool = false, truncating: Bool = false, by caller: Int32 = .opener
  ) throws -> TestFile {
    let entry = try lookup(path)
    let request = OpenRequest(isWriting: writing, isTruncating: truncating)
    return opened(try tree.open(entry.node, request, context(caller)), entry, isWriting: writing, by: caller)
  }

  private func opened(_ file: OpenedFile, _ entry: Entry, isWriting: Bool, by caller: Int32) -> TestFile {
    let test = TestFile(node: entry.node, inode: entry.attributes.inode, opened: file, isWriting: isWriting)
    if isWriting { duplicate(test, by: caller) }
    return test
  }

  /// Gives a process one more descriptor of an open file.
  func duplicate(_ file: TestFile, by caller: Int32 = .opener) {
    processes.addDescriptors(1, of: processes.process(ofThread: caller).number, inode: file.inode)
  }

  /// Closes one descriptor: `FUSE_FLUSH`, which the kernel sends for each.
  func close(_ file: TestFile, by caller: Int32 = .opener) throws {
    if file.isWriting {
      processes.addDescriptors(-1, of: processes.process(ofThread: caller).number, inode: file.inode)
    }
    if !file.opened.ignoresFlush { try flush(file, by: caller) }
  }

  /// Tells the tree of a close: `FUSE_FLUSH`. A process has one descriptor table.
  func flush(_ file: TestFile, by caller: Int32 = .opener) throws {
    var context = context(caller)
    context.descriptorTable = UInt64(exactly: processes.process(ofThread: caller).number) ?? 0
    try tree.flush(file.opened.handle, context)
  }

  /// Drops an open file after its last descriptor and mapping: `FUSE_RELEASE`, which has no caller.
  func release(_ file: TestFile) throws {
    try tree.release(file.opened.handle, context(.unseen))
  }

  // MARK: Content

  func write(_ file: TestFile, _ text: String, at offset: Int64 = 0) throws {
    try tree.write(file.opened.handle, Array(text.utf8).span, at: offset, context())
  }

  /// Sets the length through an open file: `ftruncate(2)`.
  func truncate(_ file: TestFile, to size: Int64) throws {
    var changes = AttributeChanges()
    changes.size = size
    _ = try tree.setAttributes(of: file.node, changes, handle: file.opened.handle, context())
  }

  /// Reads the content of an open file.
  func read(_ file: TestFile) throws -> String {
    switch try tree.read(file.opened.handle, at: 0, count: 1 << 20, context()) {
    case .bytes(let bytes): return String(decoding: bytes, as: UTF8.self)
    case .file(let source, let offset, let count):
      var bytes = [UInt8](repeating: 0, count: count)
      var span = bytes.mutableSpan
      let read = try source.read(into: &span, at: offset)
      return String(decoding: bytes[..<read], as: UTF8.self)
    }
  }

  /// Opens a file, reads it and releases it: `cat`.
  func read(_ path: String) throws -> String {
    let file = try open(path)
    defer { try? release(file) }
    return try read(file)
  }

  /// Writes a new file, or an existing one again, closes and releases it: `echo TEXT >PATH`.
  func save(_ path: String, _ text: String) throws {
    let file = exists(path) ? try open(path, writing: true, truncating: true) : try create(path)
    defer { try? release(file) }
    if !text.isEmpty { try write(file, text) }
    try close(file)
  }
}
