import SystemPackage
import Testing

@testable import StoreTree

struct EditedContentTests {
  @Test(
    "R1: a write in the content, over its end and behind it is that of pwrite(2)",
    arguments: [(0, "XYcd"), (2, "abXY"), (3, "abcXY"), (4, "abcdXY"), (6, "abcd\0\0XY")])
  func write(offset: Int64, expected: String) throws {
    var content = EditedContent(Array("abcd".utf8), limit: 8)
    try content.write(Array("XY".utf8).span, at: offset)
    #expect(content.bytes == Array(expected.utf8))
  }

  @Test("R1: content beyond the limit is EFBIG, and nothing of it is kept", arguments: [-1, 3, 5, Int64.max])
  func limit(offset: Int64) {
    var content = EditedContent([1, 2], limit: 4)
    #expect(throws: Errno.fileTooLarge) { try content.write([7, 8].span, at: offset) }
    #expect(throws: Errno.fileTooLarge) { try content.truncate(to: offset == 3 ? 5 : offset) }
    #expect(content.bytes == [1, 2])
  }

  @Test("R1: a size below the content truncates it, and one above extends it by zeros")
  func truncate() throws {
    var content = EditedContent([1, 2, 3], limit: 8)
    try content.truncate(to: 5)
    #expect(content.bytes == [1, 2, 3, 0, 0])
    try content.truncate(to: 1)
    #expect(content.bytes == [1])
  }

  @Test(
    "R1: a read ends at the end of the content",
    arguments: [(0, 2, [1, 2]), (1, 9, [2, 3]), (3, 1, []), (Int64.max, 1, []), (-1, 1, [])] as [(Int64, Int, [UInt8])])
  func read(offset: Int64, count: Int, expected: [UInt8]) {
    guard case .bytes(let bytes) = ([1, 2, 3] as [UInt8]).read(at: offset, count: count) else {
      Issue.record("not bytes")
      return
    }
    #expect(bytes == expected)
  }
}
