import CASPlatform
import SystemPackage
import Testing

@testable import StoreTree

/// Holes of files below `incoming`, and of the blobs that they become.
@Suite struct HoleTests {
  private static let mebibyte: Int64 = 1 << 20

  /// A tree over a directory with `incoming/f`, which is all hole but for `x` at the end, open for writing.
  private func sparse(_ size: Int64) throws -> (TestTree, TestFile) {
    let tree = try TestTree(.directory)
    let file = try tree.create("incoming/f")
    try tree.truncate(file, to: size)
    try tree.write(file, "x", at: size)
    return (tree, file)
  }

  /// Where the first data and the first hole of an open file are.
  private func first(_ tree: TestTree, _ file: TestFile) throws -> (data: Int64, hole: Int64) {
    let data = try tree.tree.offset(of: .data, from: 0, in: file.opened.handle, tree.context())
    return (data, try tree.tree.offset(of: .hole, from: 0, in: file.opened.handle, tree.context()))
  }

  @Test("I13: content that is being written, its alias and its blob tell of the same hole")
  func everywhere() throws {
    let size = 8 * Self.mebibyte
    let (tree, file) = try sparse(size)
    let written = try first(tree, file)
    #expect(written.hole == 0)
    #expect(written.data > 0)
    #expect(try tree.attributes("incoming/f").allocatedSize.map { $0 < Self.mebibyte } == true)
    try tree.close(file)
    try tree.release(file)
    let alias = try tree.open("incoming/f")
    let blob = try tree.open(tree.link("committed/f").replacing("../", with: ""))
    for open in [alias, blob] {
      let found = try first(tree, open)
      #expect(found == written)
      #expect(throws: Errno.noSuchAddressOrDevice) {
        _ = try tree.tree.offset(of: .data, from: size + 1, in: open.opened.handle, tree.context())
      }
      try tree.release(open)
    }
    for path in ["incoming/f", try tree.link("committed/f").replacing("../", with: "")] {
      #expect(try tree.attributes(path).allocatedSize.map { $0 < Self.mebibyte } == true)
      #expect(try tree.attributes(path).size == size + 1)
    }
  }

  @Test("I13: the copy that writing on starts from keeps the holes, and has the same data")
  func writingOn() throws {
    let (tree, file) = try sparse(8 * Self.mebibyte)
    try tree.write(file, "middle", at: 3 * Self.mebibyte)
    try tree.close(file)
    try tree.release(file)
    let again = try tree.open("incoming/f", writing: true)
    try tree.write(again, "y", at: 8 * Self.mebibyte + 1)
    #expect(try tree.attributes("incoming/f").allocatedSize.map { $0 < Self.mebibyte } == true)
    try tree.close(again)
    try tree.release(again)
    let expected =
      String(repeating: "\0", count: Int(3 * Self.mebibyte)) + "middle"
      + String(repeating: "\0", count: Int(5 * Self.mebibyte) - 6) + "xy"
    #expect(try tree.isStored(expected))
  }

  @Test("I13: a file that ends with a hole keeps its length when it is written on")
  func holeAtTheEnd() throws {
    let tree = try TestTree(.directory)
    let file = try tree.create("incoming/f")
    try tree.write(file, "x")
    try tree.truncate(file, to: Self.mebibyte)
    try tree.close(file)
    try tree.release(file)
    let again = try tree.open("incoming/f", writing: true)
    try tree.write(again, "y", at: 1)
    #expect(try tree.attributes("incoming/f").size == Self.mebibyte)
    try tree.close(again)
    try tree.release(again)
    #expect(try tree.isStored("xy" + String(repeating: "\0", count: Int(Self.mebibyte) - 2)))
  }

  @Test("I13: content that is in no file has no hole but its end")
  func withoutFile() throws {
    let tree = try TestTree(.memory)
    let file = try tree.create("incoming/f")
    #expect(throws: Errno.noSuchAddressOrDevice) { _ = try first(tree, file) }
    try tree.truncate(file, to: 100)
    #expect(try first(tree, file) == (0, 100))
    try tree.close(file)
    try tree.release(file)
    let index = try tree.open("index.json")
    let length = Int64(try tree.read(index).utf8.count)
    #expect(try first(tree, index) == (0, length))
    #expect(try tree.attributes("incoming/f").allocatedSize == nil)
  }
}
