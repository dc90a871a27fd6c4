import CAS
import CASMemory
import CASPlatform
import Logging
import OCI
import SystemPackage
import Testing

@testable import FUSE
@testable import StoreTree

/// A tree that goes on with what the kernel knows from another one.
@Suite struct NextServerTests {
  private let engine: any Engine
  private let mount: KeptMount
  private let context = RequestContext(user: 0, group: 0, thread: 0)

  init() throws {
    engine = try MemoryDriver().create("mem:", options: CreateOptions())
    mount = try KeptMount()
  }

  private func tree(_ generation: UInt16) throws -> Tree {
    Tree(
      engine, options: TreeOptions(user: 0, group: 0), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      journal: try StateLog(mount, generation: generation))
  }

  private func lookup(_ path: String, _ tree: Tree) throws -> NodeID {
    try path.split(separator: "/").reduce(NodeID.root) { try tree.lookup(String($1), in: $0, context).node }
  }

  private func names(_ handle: HandleID, of node: NodeID, from offset: Int64 = 0, _ tree: Tree) throws -> [String] {
    var names: [String] = []
    try tree.entries(of: handle, in: node, from: offset, context) { (entry, _) in
      names.append(entry.name)
      return true
    }
    return names
  }

  private func content(_ handle: HandleID, of node: NodeID, _ tree: Tree) throws -> [UInt8] {
    guard case .bytes(let bytes) = try tree.read(handle, of: node, at: 0, count: 100, context) else { return [] }
    return bytes
  }

  @Test("S1: nodes, open files and open directories go on, until the kernel forgets them")
  func readers() throws {
    let content = Array("hello".utf8)
    let digest = try engine.putBlob(content).digest
    try engine.putReference(try engine.descriptor(for: digest), named: ReferenceName("a/b"))
    let first = try tree(1)
    let blob = try lookup("blobs/sha256/\(digest.hex)", first)
    let reference = try lookup("refs/a/b", first)
    let directory = try lookup("refs/a", first)
    let open = try first.open(blob, OpenRequest(isWriting: false), context).handle
    let listing = try first.openDirectory(directory, context)
    for generation in 2...3 as ClosedRange<UInt16> {
      let next = try tree(generation)
      #expect(try next.attributes(of: blob, context).size == 5)
      #expect(try self.content(open, of: blob, next) == content)
      #expect(try names(listing, of: directory, next) == [".", "..", "b"])
      let position = DirectoryPosition().after(".").after("..").rawValue
      #expect(try names(listing, of: directory, from: position, next) == ["b"])
      #expect(try next.attributes(of: reference, context).kind == .file)
      // A new lookup finds the node that the kernel has, and a new handle is another.
      #expect(try lookup("blobs/sha256/\(digest.hex)", next) == blob)
      #expect(try next.open(blob, OpenRequest(isWriting: false), context).handle != open)
    }
    let last = try tree(4)
    #expect(try lookup("blobs/sha256/\(digest.hex)", last) == blob)
    // One lookup is taken back; the kernel has others.
    last.forget(blob, times: 1)
    #expect(try last.attributes(of: blob, context).size == 5)
    last.forget(blob, times: 4)
    #expect(throws: Errno.staleNFSFileHandle) { try last.attributes(of: blob, context) }
    #expect(throws: Errno.staleNFSFileHandle) { try tree(5).attributes(of: blob, context) }
    try last.release(open, context)
    try last.releaseDirectory(listing)
  }

  @Test("S2: a handle for writing of an earlier server is EIO, and one that no server gave is EBADF")
  func writers() throws {
    let first = try tree(1)
    let incoming = try lookup("incoming", first)
    let made = try first.create("f", permissions: 0o644, in: incoming, context)
    try first.write(made.file.handle, [1, 2, 3].span, at: 0, context)
    let next = try tree(2)
    let (node, handle) = (made.entry.node, made.file.handle)
    #expect(throws: Errno.ioError) { try next.write(handle, [4].span, at: 3, context) }
    #expect(throws: Errno.ioError) { try next.synchronize(handle, of: node, context) }
    #expect(throws: Errno.ioError) { try next.flush(handle, of: node, context) }
    #expect(throws: Errno.staleNFSFileHandle) { try next.attributes(of: node, context) }
    try next.release(handle, context)
    #expect(throws: Errno.badFileDescriptor) { try next.flush(2 << 48 | 77, of: node, context) }
    #expect(try engine.listBlobs().nextBatch().isEmpty)
  }

  @Test("S2: a change that the dead server made for a request is not an error when the request comes again")
  func repeated() throws {
    var again = context
    again.isResent = true
    let tree = try tree(1)
    let incoming = try lookup("incoming", tree)
    let made = try tree.makeDirectory("d", permissions: 0o755, in: incoming, context)
    #expect(throws: Errno.fileExists) { try tree.makeDirectory("d", permissions: 0o755, in: incoming, context) }
    #expect(try tree.makeDirectory("d", permissions: 0o755, in: incoming, again).node == made.node)
    try tree.rename("d", in: incoming, to: "e", in: incoming, replacing: false, context)
    try tree.rename("d", in: incoming, to: "e", in: incoming, replacing: false, again)
    #expect(throws: Errno.noSuchFileOrDirectory) {
      try tree.rename("d", in: incoming, to: "f", in: incoming, replacing: false, again)
    }
    try tree.removeDirectory("e", in: incoming, context)
    try tree.removeDirectory("e", in: incoming, again)
    try tree.removeFile("g", in: incoming, again)
    let file = try tree.makeFile("x", permissions: 0o644, in: incoming, context).node
    try tree.setExtendedAttribute("user.a", to: [1], of: file, mustBe: .absent, context)
    try tree.setExtendedAttribute("user.a", to: [1], of: file, mustBe: .absent, again)
    #expect(throws: Errno.fileExists) {
      try tree.setExtendedAttribute("user.a", to: [2], of: file, mustBe: .absent, again)
    }
    try tree.removeExtendedAttribute("user.a", of: file, context)
    try tree.removeExtendedAttribute("user.a", of: file, again)
    #expect(throws: Errno.noData) { try tree.removeExtendedAttribute("user.a", of: file, context) }
    // The temporary file was lost with the server, and what was written in it.
    #expect(throws: Errno.noSuchFileOrDirectory) {
      try tree.rename("index.json.tmp", in: .root, to: "index.json", in: .root, replacing: true, again)
    }
    #expect(throws: Errno.noSuchFileOrDirectory) { try tree.removeFile("g", in: incoming, context) }
  }

  @Test("S2: names below incoming and committed outlive their server, with metadata and under their last names")
  func names() throws {
    let first = try tree(1)
    let incoming = try lookup("incoming", first)
    let directory = try first.makeDirectory("d", permissions: 0o700, in: incoming, context).node
    let file = try first.makeFile("f", permissions: 0o640, in: directory, context).node
    try first.setExtendedAttribute("user.a", to: [0, 255], of: file, mustBe: .either, context)
    try first.rename("f", in: directory, to: "g", in: incoming, replacing: true, context)
    _ = try first.makeFile("gone", permissions: 0o640, in: directory, context)
    try first.removeFile("gone", in: directory, context)
    let link = try lookup("committed/g", first)
    let target = try first.linkTarget(of: link)
    let before = try first.attributes(of: file, context)
    for generation in 2...3 as ClosedRange<UInt16> {
      let next = try tree(generation)
      let after = try next.attributes(of: file, context)
      #expect(after.permissions == 0o640)
      #expect(after.inode == before.inode)
      #expect(after.modified == before.modified)
      #expect(try next.extendedAttribute("user.a", of: file, context) == [0, 255])
      #expect(try lookup("incoming/g", next) == file)
      #expect(try lookup("incoming/d", next) == directory)
      #expect(try next.attributes(of: directory, context).permissions == 0o700)
      #expect(try next.linkTarget(of: link) == target)
      #expect(throws: Errno.noSuchFileOrDirectory) { try lookup("incoming/d/gone", next) }
    }
  }

  @Test("S1: a listing goes on behind its last name, whichever names come and go meanwhile")
  func listing() throws {
    let digest = try engine.putBlob([1]).digest
    let descriptor = try engine.descriptor(for: digest)
    for number in 10..<30 { try engine.putReference(descriptor, named: ReferenceName("r\(number)")) }
    let first = try tree(1)
    let references = try lookup("refs", first)
    let incoming = try lookup("incoming", first)
    for number in 10..<30 { _ = try first.makeFile("f\(number)", permissions: 0o644, in: incoming, context) }
    for (node, letter) in [(references, "r"), (incoming, "f")] {
      let open = try first.openDirectory(node, context)
      var (seen, position): ([String], Int64) = ([], 0)
      try first.entries(of: open, in: node, from: 0, context) { (entry, next) in
        guard seen.count < 12 else { return false }
        (seen, position) = (seen + [entry.name], next)
        return true
      }
      let next = try tree(2)
      if letter == "r" {
        for name in ["a", "b", "z"] { try engine.putReference(descriptor, named: ReferenceName(name)) }
        try engine.deleteReference(named: ReferenceName("r11"))
      } else {
        _ = try next.makeFile("z", permissions: 0o644, in: node, context)
        for name in ["f10", "f13"] { try next.removeFile(name, in: node, context) }
      }
      let rest = try names(open, of: node, from: position, next)
      #expect(seen + rest.filter { $0 != "z" } == [".", ".."] + (10..<30).map { "\(letter)\($0)" })
      // Without the name, the number of names before it is the best that is known.
      try letter == "r"
        ? engine.deleteReference(named: ReferenceName("r19")) : next.removeFile("f19", in: node, context)
      #expect(try names(open, of: node, from: position, tree(3)).contains("\(letter)29"))
    }
  }

  @Test("S1: index.json goes on, and a version of it that a tool has read, until the index changes")
  func index() throws {
    let descriptor = try engine.descriptor(for: try engine.putBlob([1]).digest)
    for name in ["a", "b"] { try engine.putReference(descriptor, named: ReferenceName(name)) }
    let first = try tree(1)
    let file = try lookup("index.json", first)
    func text(_ handle: HandleID, _ tree: Tree) throws -> String {
      guard case .bytes(let bytes) = try tree.read(handle, of: file, at: 0, count: 10_000, context) else { return "" }
      return String(decoding: bytes, as: UTF8.self)
    }
    let open = try first.open(file, OpenRequest(isWriting: false), context).handle
    let served = try text(open, first)
    let next = try tree(2)
    #expect(try text(open, next) == served)
    // The entry is deleted, because the version is known.
    let (second, end) = (try #require(served.firstRange(of: "}},{")), try #require(served.firstRange(of: "]")))
    let written = Array((served[..<second.lowerBound] + "}}" + served[end.lowerBound...]).utf8)
    let writer = try next.open(file, OpenRequest(isWriting: true, isTruncating: true), context).handle
    try next.write(writer, written.span, at: 0, context)
    try next.release(writer, context)
    #expect(try engine.referenceNames().map(\.description) == ["a"])
    let last = try tree(3)
    #expect(throws: Errno.ioError) { try text(open, last) }
    let reader = try last.open(file, OpenRequest(isWriting: false), context).handle
    #expect(try text(reader, last) != served)
    #expect(try text(reader, tree(4)) == text(reader, last))
  }

  @Test("S1: a reader of content that has changed gets EIO and no mixture")
  func changed() throws {
    let digest = try engine.putBlob(Array("hello".utf8)).digest
    try engine.putReference(try engine.descriptor(for: digest), named: ReferenceName("a"))
    let first = try tree(1)
    let file = try lookup("refs/a", first)
    let open = try first.open(file, OpenRequest(isWriting: false), context).handle
    let content = try content(open, of: file, first)
    #expect(try self.content(open, of: file, tree(2)) == content)
    let other = try engine.putBlob(Array("other".utf8)).digest
    try engine.putReference(
      try engine.descriptor(for: other), named: ReferenceName("a"), replacing: true, cancellation: .none)
    #expect(throws: Errno.ioError) { try self.content(open, of: file, tree(3)) }
    // A blob that was deleted was open in the dead server alone.
    let blob = try lookup("blobs/sha256/\(digest.hex)", first)
    let openBlob = try first.open(blob, OpenRequest(isWriting: false), context).handle
    try engine.deleteBlob(digest)
    #expect(throws: Errno.ioError) { try self.content(openBlob, of: blob, tree(3)) }
  }
}
