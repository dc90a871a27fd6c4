import CAS
import CASMemory
import CASPlatform
import Logging
import OCI
import StoreTree
import SystemPackage
import Testing

/// Requests that the kernel does not send.
@Suite struct MalformedRequestTests {
  private let engine: any Engine
  private let tree: Tree
  private let context = RequestContext(user: 0, group: 0, thread: 0)
  private let incoming: NodeID

  init() throws {
    engine = try DriverRegistry([MemoryDriver()]).create("mem:")
    tree = Tree(engine, options: TreeOptions(user: 0, group: 0), logger: Logger(label: "test"))
    incoming = try tree.lookup("incoming", in: .root, context).node
  }

  private func create(_ name: String, _ content: String) throws -> (node: NodeID, handle: HandleID) {
    let made = try tree.create(name, permissions: 0o644, in: incoming, context)
    try tree.write(made.file.handle, Array(content.utf8).span, at: 0, context)
    return (made.entry.node, made.file.handle)
  }

  private func blobs() throws -> Int {
    var count = 0
    try engine.forEachBlob { _ in count += 1 }
    return count
  }

  @Test("T1: a text that cannot be a file name is EINVAL", arguments: ["", ".", "..", "/", "a/b", "/a", "a/"])
  func names(_ name: String) throws {
    let refs = try tree.lookup("refs", in: .root, context).node
    _ = try create("x", "x")
    for folder in [.root, incoming, refs] {
      #expect(throws: Errno.invalidArgument) { _ = try tree.lookup(name, in: folder, context) }
      #expect(throws: Errno.invalidArgument) { _ = try tree.create(name, permissions: 0o644, in: folder, context) }
      #expect(throws: Errno.invalidArgument) {
        _ = try tree.makeDirectory(name, permissions: 0o755, in: folder, context)
      }
      #expect(throws: Errno.invalidArgument) {
        try tree.rename("x", in: incoming, to: name, in: folder, replacing: true, context)
      }
      #expect(throws: Errno.invalidArgument) { try tree.removeFile(name, in: folder, context) }
      #expect(throws: Errno.invalidArgument) { try tree.removeDirectory(name, in: folder, context) }
    }
  }

  @Test("I7, R1: a length that is negative or beyond 16 TiB is refused")
  func lengths() throws {
    let file = try create("file", "x")
    let refs = try tree.lookup("refs", in: .root, context).node
    let made = try tree.create("name", permissions: 0o644, in: refs, context)
    for (node, handle) in [(file.node, file.handle), (made.entry.node, made.file.handle)] {
      for (size, error) in [
        (-1, Errno.invalidArgument), (.min, .invalidArgument), (1 << 44 + 1, .fileTooLarge), (.max, .fileTooLarge),
      ] as [(Int64, Errno)] {
        var changes = AttributeChanges()
        changes.size = size
        #expect(throws: error) { _ = try tree.setAttributes(of: node, changes, handle: handle, context) }
      }
      for offset in [-1, .min, 1 << 44, .max] as [Int64] {
        #expect(throws: Errno.fileTooLarge) { try tree.write(handle, [1].span, at: offset, context) }
      }
    }
    // The refused requests have not changed the file.
    try tree.flush(file.handle, context)
    #expect(try blobs() == 1)
  }

  @Test("I2: a file is changed only through a handle of its own that is open for writing")
  func handles() throws {
    let file = try create("a", "one")
    let other = try create("b", "two")
    try tree.flush(file.handle, context)
    let reader = try tree.open(file.node, OpenRequest(isWriting: false), context).handle
    #expect(throws: Errno.badFileDescriptor) { try tree.write(reader, [1].span, at: 0, context) }
    var changes = AttributeChanges()
    changes.size = 0
    for handle in [reader, other.handle] {
      #expect(throws: Errno.badFileDescriptor) {
        _ = try tree.setAttributes(of: file.node, changes, handle: handle, context)
      }
    }
    #expect(try tree.attributes(of: file.node, context).size == 3)
  }

  @Test("I2: O_RDONLY | O_TRUNC is a write, which the close publishes")
  func cutByReader() throws {
    let file = try create("a", "one")
    try tree.flush(file.handle, context)
    try tree.release(file.handle, context)
    let handle = try tree.open(file.node, OpenRequest(isWriting: false, isTruncating: true), context).handle
    try tree.flush(handle, context)
    try tree.release(handle, context)
    #expect(try tree.extendedAttribute("user.casfs.size", of: file.node, context) == Array("0".utf8))
    #expect(try blobs() == 2)
  }
}
