import CASPlatform
import SystemPackage
import TestSupport
import Testing

@testable import CASDirectory

struct DirectoryWatchTests {
  @Test("I2: writes of content without a name wake no watcher of the store, and the name that it gets does")
  func unnamed() throws {
    let folder = try TemporaryFolder()
    let root = try OpenFile.open(path: folder.path, [.readOnly, .directory])
    let watch = try DirectoryWatch()
    _ = try watch.add(root, reportsNewNames: true)
    // A file system may have no such files.
    guard let temporary = try TemporaryFile.unnamed(in: root) else { return }
    for offset in 0..<10 { try temporary.file.write([UInt8(1)].span, at: Int64(offset)) }
    try temporary.link(as: "name", in: root)
    let names = try #require(try watch.next()).map { (event) in
      if case .changed(_, let name) = event { name } else { "" }
    }
    #expect(names == ["name"])
    watch.end()
  }
}
