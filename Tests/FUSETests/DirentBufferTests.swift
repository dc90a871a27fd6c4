import Testing

@testable import FUSE
@testable import StoreTree

/// Replies with directory entries.
@Suite struct DirentBufferTests {
  private func entry(_ name: String) -> DirectoryEntry { DirectoryEntry(name: name, inode: 7, kind: .file) }

  @Test("A listing takes memory for its entries, not for what the kernel offers")
  func memory() {
    var buffer = DirentBuffer(1 << 20)
    let isAdded = buffer.add(entry("a"), 1)
    #expect(isAdded)
    // 24 bytes, and the name rounded up to 8.
    #expect(buffer.used.count == 32)
    #expect(buffer.used.capacity < 4096)
  }

  @Test(
    "A listing ends before the entry that does not fit, with the names in their places",
    arguments: [0, 31, 32, 100, 4096])
  func limit(_ limit: Int) {
    var buffer = DirentBuffer(limit)
    var count = 0
    while buffer.add(entry("n\(count % 10)"), Int64(count + 1)) { count += 1 }
    #expect(count == limit / 32)
    #expect(buffer.used.count == count * 32)
    for number in 0..<count {
      let start = number * 32
      #expect(buffer.used[start + 24..<start + 32].elementsEqual("n\(number % 10)".utf8 + [0, 0, 0, 0, 0, 0]))
      // The inode number, and the offset of the next entry.
      #expect(buffer.used[start] == 7)
      #expect(buffer.used[start + 8] == UInt8(truncatingIfNeeded: number + 1))
    }
  }

  @Test("A listing without lookups counts no nodes")
  func lookups() {
    var buffer = DirentBuffer(400)
    let isAdded = [buffer.add(entry("a"), nil, 1), buffer.add(entry(String(repeating: "b", count: 255)), nil, 2)]
    #expect(isAdded == [true, false])
    #expect(buffer.nodes.isEmpty)
    #expect(buffer.used.count == 160)
  }
}
