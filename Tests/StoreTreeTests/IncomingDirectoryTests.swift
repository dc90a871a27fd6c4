import SystemPackage
import Testing

@testable import StoreTree

/// Directories below `incoming`.
@Suite struct IncomingDirectoryTests {
  @Test("I10: directories can be created, and files committed in them")
  func create() throws {
    let tree = try TestTree()
    try tree.makeDirectory("incoming/a")
    try tree.makeDirectory("incoming/a/b")
    try tree.save("incoming/a/b/f", "content")
    #expect(try tree.link("committed/a/b/f") == "../../../" + tree.blobPath(digest("content")))
    #expect(throws: Errno.fileExists) { try tree.makeDirectory("incoming/a") }
  }

  @Test("I10: only an empty directory can be removed")
  func remove() throws {
    let tree = try TestTree()
    try tree.makeDirectory("incoming/a")
    try tree.save("incoming/a/f", "content")
    #expect(throws: Errno.directoryNotEmpty) { try tree.removeDirectory("incoming/a") }
    #expect(throws: Errno.notDirectory) { try tree.removeDirectory("incoming/a/f") }
    #expect(throws: Errno.isDirectory) { try tree.remove("incoming/a") }
    try tree.remove("incoming/a/f")
    try tree.removeDirectory("incoming/a")
    #expect(try tree.names("incoming") == [])
  }

  @Test("I10: a directory is moved with its files, also while they are written")
  func rename() throws {
    let tree = try TestTree()
    try tree.makeDirectory("incoming/a")
    try tree.makeDirectory("incoming/b")
    try tree.save("incoming/a/f", "content")
    let file = try tree.create("incoming/a/g")
    try tree.write(file, "more")
    try tree.rename("incoming/a", to: "incoming/b/c")
    try tree.close(file)
    #expect(try tree.names("committed/b/c") == ["f", "g"])
    #expect(try tree.names("incoming") == ["b"])
  }

  @Test("I10: a directory cannot be moved below itself")
  func renameBelowItself() throws {
    let tree = try TestTree()
    try tree.makeDirectory("incoming/a")
    try tree.makeDirectory("incoming/a/b")
    #expect(throws: Errno.invalidArgument) { try tree.rename("incoming/a", to: "incoming/a/b/c") }
  }

  @Test("I10: a rename replaces files by files and empty directories by directories only")
  func replace() throws {
    let tree = try TestTree()
    try tree.makeDirectory("incoming/empty")
    try tree.makeDirectory("incoming/full")
    try tree.save("incoming/full/f", "content")
    try tree.save("incoming/f", "content")
    #expect(throws: Errno.directoryNotEmpty) { try tree.rename("incoming/empty", to: "incoming/full") }
    #expect(throws: Errno.notDirectory) { try tree.rename("incoming/empty", to: "incoming/f") }
    #expect(throws: Errno.isDirectory) { try tree.rename("incoming/f", to: "incoming/empty") }
    #expect(throws: Errno.fileExists) { try tree.rename("incoming/f", to: "incoming/full/f", replacing: false) }
    try tree.rename("incoming/full", to: "incoming/empty")
    #expect(try tree.names("incoming/empty") == ["f"])
  }

  @Test("I10: a removed directory takes no more files")
  func removed() throws {
    let tree = try TestTree()
    try tree.makeDirectory("incoming/a")
    let node = try tree.node("incoming/a")
    try tree.removeDirectory("incoming/a")
    #expect(throws: Errno.noSuchFileOrDirectory) {
      _ = try tree.tree.create("f", permissions: 0o644, in: node, tree.context())
    }
    #expect(try tree.tree.attributes(of: node, tree.context()).links == 0)
  }

  @Test("I10: names of incoming cannot be moved to other directories", arguments: ["refs", "images", "committed", ""])
  func improperTarget(_ place: String) throws {
    let tree = try TestTree()
    try tree.save("incoming/f", "content")
    #expect(throws: Errno.improperLink) { try tree.rename("incoming/f", to: "\(place)/f") }
  }

  @Test("I8: creating a name past the limit is ENOSPC, and a removed name makes room")
  func limit() throws {
    let tree = try TestTree(options: { $0.incomingLimit = 3 })
    try tree.makeDirectory("incoming/folder")
    for name in ["a", "b"] { try tree.save("incoming/folder/\(name)", "") }
    #expect(throws: Errno.noSpace) { _ = try tree.create("incoming/c") }
    #expect(throws: Errno.noSpace) { try tree.makeDirectory("incoming/folder/c") }
    try tree.rename("incoming/folder/a", to: "incoming/c")
    try tree.remove("incoming/folder/b")
    try tree.makeDirectory("incoming/folder/d")
    #expect(throws: Errno.noSpace) { try tree.makeDirectory("incoming/folder/e") }
  }
}
