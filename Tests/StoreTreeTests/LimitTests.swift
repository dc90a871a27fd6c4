import CAS
import CASMemory
import CASPlatform
import Logging
import StoreTree
import SystemPackage
import Testing

/// What a tree refuses to grow beyond.
@Suite struct LimitTests {
  @Test("I8: past the limit of names none can be made, and one that is removed makes room")
  func names() throws {
    var options = TreeOptions(user: 0, group: 0)
    options.incomingLimit = 3
    let engine = try DriverRegistry([MemoryDriver()]).create("mem:")
    let tree = Tree(engine, options: options, logger: Logger(label: "test"))
    defer { tree.finish(publishing: false) }
    let context = RequestContext(user: 0, group: 0, thread: 0)
    let incoming = try tree.lookup("incoming", in: .root, context).node
    let folder = try tree.makeDirectory("folder", permissions: 0o755, in: incoming, context).node
    for name in ["a", "b"] {
      let file = try tree.create(name, permissions: 0o644, in: folder, context).file
      try tree.release(file.handle, context)
    }
    #expect(throws: Errno.noSpace) { _ = try tree.create("c", permissions: 0o644, in: incoming, context) }
    #expect(throws: Errno.noSpace) { _ = try tree.makeDirectory("c", permissions: 0o755, in: folder, context) }
    try tree.rename("a", in: folder, to: "c", in: incoming, replacing: true, context)
    try tree.removeFile("b", in: folder, context)
    _ = try tree.makeDirectory("d", permissions: 0o755, in: folder, context)
    #expect(throws: Errno.noSpace) { _ = try tree.makeDirectory("e", permissions: 0o755, in: folder, context) }
  }
}
