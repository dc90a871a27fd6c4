import CAS
import CASImage
import CASPlatform
import Logging
import OCI
import StoreTree
import SystemPackage
import TestSupport
import Testing

/// The files of an image as nodes that the kernel knows.
@Suite struct ImageNodeTests {
  private let context = RequestContext(user: 0, group: 0, thread: 0)

  /// An image with the name `name`, and a tree of the store, or of the image alone.
  private func tree(ofImage: Bool) throws -> Tree {
    let builder = try ImageBuilder()
    let layer = ImageBuilder.tar([("d/a", [1, 2, 3]), ("b", [4])])
    let manifest = try builder.image([(layer, layer)])
    try builder.engine.putReference(manifest, named: ReferenceName("name"))
    var options = TreeOptions(user: 0, group: 0)
    options.isReadOnly = true
    if ofImage { options.rootImage = manifest }
    return Tree(builder.engine, options: options, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }

  private func read(_ tree: Tree, _ handle: HandleID, of node: NodeID) throws -> [UInt8] {
    try tree.read(handle, of: node, at: 0, count: 100, context).bytes()
  }

  @Test("F10: a file of a mounted image is read without a handle, and other files are not")
  func withoutHandle() throws {
    let image = try tree(ofImage: true)
    #expect(image.readsWithoutHandles)
    let directory = try image.lookup("d", in: .root, context).node
    let file = try image.lookup("a", in: directory, context).node
    #expect(try read(image, Tree.noHandle, of: file) == [1, 2, 3])
    #expect(try image.offset(of: .hole, from: 1, in: Tree.noHandle, of: file, context) == 3)
    #expect(throws: Errno.isDirectory) { _ = try read(image, Tree.noHandle, of: directory) }
    #expect(throws: Errno.badFileDescriptor) { _ = try read(image, Tree.noHandle, of: .root) }
    #expect(throws: Errno.readOnlyFileSystem) { try image.write(Tree.noHandle, [1].span, at: 0, context) }
    let store = try tree(ofImage: false)
    #expect(!store.readsWithoutHandles)
    var node = NodeID.root
    for name in ["images", "name", "rootfs", "b"] { node = try store.lookup(name, in: node, context).node }
    #expect(throws: Errno.badFileDescriptor) { _ = try read(store, Tree.noHandle, of: node) }
  }

  @Test("F2: a file of an image is the same for all lookups, until the kernel has taken all of them back")
  func lookups() throws {
    let tree = try tree(ofImage: true)
    let directory = try tree.lookup("d", in: .root, context).node
    let other = try tree.lookup("b", in: .root, context).node
    let files = try (0..<1000).map { _ in try tree.lookup("a", in: directory, context).node }
    #expect(Set(files).count == 1)
    let file = files[0]
    tree.forget(file, times: 999)
    #expect(try read(tree, Tree.noHandle, of: file) == [1, 2, 3])
    #expect(try read(tree, Tree.noHandle, of: other) == [4])
    tree.forget(file, times: 1)
    #expect(throws: Errno.staleNFSFileHandle) { _ = try tree.attributes(of: file, context) }
    for times in [1 << 31, UInt64.max] {
      #expect(try tree.lookup("b", in: .root, context).node == other)
      tree.forget(other, times: times)
      #expect(throws: Errno.staleNFSFileHandle) { _ = try tree.attributes(of: other, context) }
    }
    #expect(try tree.attributes(of: directory, context).kind == .directory)
  }
}
