import CAS
import CASPlatform
import OCI
import SystemPackage
import Testing

@testable import StoreTree

/// Requests of other callers while a close commits.
@Suite struct ReadAfterCloseTests {
  /// Closes `incoming/f` on another thread, and makes a request while the commit is held. The commit goes on when the
  /// request waits, or, if it never does, after it.
  ///
  /// - Returns: the result of the request.
  private func duringCommit<Result>(
    _ request: (TestTree, RequestContext) throws -> Result
  ) throws -> Result {
    let engine = try FaultyEngine()
    let tree = TestTree(over: engine)
    let file = try tree.create("incoming/f")
    try tree.write(file, "content")
    engine.hold()
    let closed = Monitor<Errno??>(.none)
    let (core, handle, opener) = (tree.tree, file.opened.handle, tree.context())
    tree.processes.addDescriptors(-1, of: .opener, inode: file.inode)
    try Thread.start("close") {
      do throws(Errno) {
        try core.flush(handle, opener)
        closed.withLock { $0 = .some(nil) }
      } catch {
        closed.withLock { $0 = .some(error) }
      }
    }
    #expect(engine.waitForCommits(1))
    let context = RequestContext(
      user: 0, group: 0, thread: .other,
      willBlock: {
        // Late enough for a request that does not wait to be seen.
        try? Thread.start("resume") {
          Thread.sleep(for: .milliseconds(50))
          engine.resume()
        }
      })
    let result = Swift.Result { try request(tree, context) }
    engine.resume()
    #expect(closed.wait(for: .seconds(60)) { $0 != nil })
    #expect(closed.withLock { $0 } == .some(nil))
    return try result.get()
  }

  @Test("I4: a lookup of the name waits for the commit under way")
  func name() throws {
    let size = try duringCommit { (tree, context) in try tree.lookup("incoming/f", context).attributes.size }
    #expect(size == 7)
  }

  @Test("I4: a lookup of the digest waits for the commit under way")
  func digestName() throws {
    let path = "blobs/sha256/" + (try digest("content").hex)
    #expect(try duringCommit { (tree, context) in try tree.lookup(path, context).attributes.size } == 7)
  }

  @Test("I4: a lookup of the link waits for the commit under way")
  func link() throws {
    #expect(try duringCommit { (tree, context) in try tree.lookup("committed/f", context).attributes.kind } == .link)
  }

  @Test("I4: a directory listing waits for the commit under way")
  func listings() throws {
    #expect(try duringCommit { (tree, context) in try tree.names("committed", context) } == ["f"])
    let hex = try digest("content").hex
    #expect(try duringCommit { (tree, context) in try tree.names("blobs/sha256", context) } == [hex])
  }

  @Test(
    "I4: a directory listing does not wait for the commit of a file elsewhere", arguments: ["incoming", "committed"])
  func otherListing(_ top: String) throws {
    try duringCommit { (tree, context) in
      try tree.makeDirectory("incoming/d")
      #expect(try tree.names(top + "/d", context).isEmpty)
      #expect(try !tree.isStored("content"))
    }
  }

  @Test("I4: a write to a name waits for the commit under way, and is not part of it")
  func write() throws {
    try duringCommit { (tree, context) in
      let file = try tree.tree.open(tree.lookup("incoming/f", context).node, OpenRequest(isWriting: true), context)
      try tree.tree.write(file.handle, Array(" more".utf8).span, at: 7, context)
      #expect(try tree.isStored("content"))
    }
  }

  @Test("I4: a lookup sees a name without its blob when a commit is stuck")
  func stuck() throws {
    let engine = try FaultyEngine()
    let tree = TestTree(over: engine) { $0.commitTimeout = .milliseconds(50) }
    let file = try tree.create("incoming/f")
    try tree.write(file, "content")
    engine.hold()
    let (core, handle, opener) = (tree.tree, file.opened.handle, tree.context())
    let hasClosed = Monitor(false)
    tree.processes.addDescriptors(-1, of: .opener, inode: file.inode)
    try Thread.start("close") {
      try? core.flush(handle, opener)
      hasClosed.withLock { $0 = true }
    }
    #expect(engine.waitForCommits(1))
    #expect(try tree.names("incoming") == ["f"])
    #expect(!tree.exists("committed/f"))
    engine.resume()
    #expect(hasClosed.wait(for: .seconds(60)) { $0 })
    #expect(tree.exists("committed/f"))
  }

  @Test("I4: a read that a commit overtakes reads the blob")
  func overtaken() throws {
    let engine = try FaultyEngine()
    let tree = TestTree(over: engine)
    let file = try tree.create("incoming/f")
    try tree.write(file, "content")
    let reader = try tree.open("incoming/f", by: .other)
    let (core, handle, opener) = (tree.tree, file.opened.handle, tree.context())
    tree.processes.addDescriptors(-1, of: .opener, inode: file.inode)
    let closed = Monitor<Errno??>(.none)
    engine.fail { faults in
      faults.beforeRead = {
        do throws(Errno) {
          try core.flush(handle, opener)
          closed.withLock { $0 = .some(nil) }
        } catch {
          closed.withLock { $0 = .some(error) }
        }
      }
    }
    #expect(try tree.read(reader) == "content")
    #expect(closed.withLock { $0 } == .some(nil))
    #expect(try tree.isStored("content"))
  }
}
