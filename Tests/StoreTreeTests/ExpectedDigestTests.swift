import OCI
import SystemPackage
import Testing

@testable import StoreTree

/// Names that are digests.
@Suite struct ExpectedDigestTests {
  /// The names below `incoming` that promise a text.
  private static func names(_ text: String) throws -> [String] {
    try Digest.Algorithm.allCases.flatMap { algorithm in
      let digest = try digest(text, algorithm)
      return [digest.hex, digest.description]
    }
  }

  @Test("I9: content that has the digest of its name is committed", arguments: try names("right"))
  func kept(_ name: String) throws {
    let tree = try TestTree()
    try tree.save("incoming/\(name)", "right")
    let algorithm = try #require(IncomingFile.expectedDigest(inName: name)).algorithm
    #expect(try tree.isStored("right", algorithm))
    #expect(try tree.blobCount() == 1)
  }

  @Test("I9: other content is EBADMSG at the close, and nothing is stored", arguments: try names("right"))
  func broken(_ name: String) throws {
    let tree = try TestTree()
    let file = try tree.create("incoming/\(name)")
    try tree.write(file, "wrong")
    #expect(throws: Errno.badMessage) { try tree.close(file) }
    try tree.release(file)
    #expect(try tree.blobCount() == 0)
    #expect(try tree.names("incoming") == [])
  }

  @Test("I9: a rename to the digest of the content succeeds")
  func renamed() throws {
    let tree = try TestTree()
    try tree.save("incoming/f", "right")
    let name = try digest("right").hex
    try tree.rename("incoming/f", to: "incoming/\(name)")
    #expect(try tree.read("incoming/\(name)") == "right")
  }

  @Test("I9: a rename to another digest is EBADMSG, and the name stays", arguments: try names("right"))
  func refusedRename(_ name: String) throws {
    let tree = try TestTree()
    try tree.save("incoming/f", "wrong")
    #expect(throws: Errno.badMessage) { try tree.rename("incoming/f", to: "incoming/\(name)") }
    #expect(try tree.names("incoming") == ["f"])
    #expect(try tree.blobCount() == 1)
  }

  @Test("I9: a rename while the file is written sets the promise for its close")
  func renamedWhileWritten() throws {
    let tree = try TestTree()
    let file = try tree.create("incoming/f")
    try tree.write(file, "wrong")
    try tree.rename("incoming/f", to: "incoming/\(digest("right").hex)")
    #expect(throws: Errno.badMessage) { try tree.close(file) }
  }

  @Test("I9: a rename to a name that is not a digest drops the promise")
  func dropped() throws {
    let tree = try TestTree()
    let name = try digest("right").hex
    let file = try tree.create("incoming/\(name)")
    try tree.write(file, "wrong")
    try tree.rename("incoming/\(name)", to: "incoming/f")
    try tree.close(file)
    #expect(try tree.isStored("wrong"))
  }

  @Test("I9: a committed file that is renamed to its digest by the other algorithm is stored under both")
  func otherAlgorithm() throws {
    let tree = try TestTree()
    try tree.save("incoming/f", "right")
    let other = try digest("right", .sha512)
    try tree.rename("incoming/f", to: "incoming/\(other)")
    #expect(try tree.isStored("right", .sha256))
    #expect(try tree.isStored("right", .sha512))
    #expect(try tree.link("committed/\(other)") == "../" + tree.blobPath(other))
    #expect(try tree.extendedAttribute("user.casfs.digest", of: "incoming/\(other)") == other.description)
  }

  @Test("I9: a file that is being written keeps the algorithm of its first name")
  func otherAlgorithmWhileWritten() throws {
    let tree = try TestTree()
    let file = try tree.create("incoming/f")
    try tree.write(file, "right")
    let name = try digest("right", .sha512).description
    #expect(throws: Errno.notSupportedOnSocket) { try tree.rename("incoming/f", to: "incoming/\(name)") }
    try tree.close(file)
    #expect(try tree.isStored("right"))
  }
}
