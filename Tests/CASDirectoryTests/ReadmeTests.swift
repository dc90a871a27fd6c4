import CAS
import CASDirectory
import Foundation
import OCI
import TestSupport
import Testing

// The README's example, as it stands there.
func example(_ path: String) throws -> String {
  let drivers = DriverRegistry([DirectoryDriver()])
  let store = try drivers.create(path)
  defer { store.close() }
  let blob = try store.putBlob(Array("hello, world\n".utf8))
  let descriptor = try store.descriptor(for: blob.digest)
  try store.putReference(descriptor, named: ReferenceName("greeting"))
  let found = try store.reference(named: ReferenceName("greeting"))
  return String(decoding: try store.blobContents(found.digest, limit: 100), as: UTF8.self)
}

@Suite("The README") struct ReadmeTests {
  @Test("The example of the README compiles and works")
  func library() throws {
    let folder = try TemporaryFolder()
    #expect(try example(folder("store")) == "hello, world\n")
    let here = try String(contentsOfFile: #filePath, encoding: .utf8)
    let readme = try String(
      contentsOf: URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../README.md"),
      encoding: .utf8)
    let shown = try #require(readme.range(of: "func example(")).lowerBound
    let code = readme[shown...].prefix { $0 != "`" }
    #expect(here.contains(code))
  }
}
