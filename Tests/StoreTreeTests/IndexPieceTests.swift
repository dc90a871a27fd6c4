import TestSupport
import Testing

@testable import StoreTree

/// Writes of `index.json` by several calls.
struct IndexPieceTests {
  @Test(
    "W5: pieces of any length are applied by the one that completes the index, and space behind it changes nothing",
    arguments: [(1, 0), (7, 10), (4096, 10_000)])
  func pieces(_ length: Int, _ space: Int) throws {
    let tree = try TestTree(.memory)
    try tree.tag("a=1")
    let text = try tree.readIndex(by: .opener).adding("b=2").text
    let all = Array((text + String(repeating: " ", count: space)).utf8)
    let file = try tree.open("index.json", writing: true, truncating: true)
    var isWhole = false
    for start in stride(from: 0, to: all.count, by: length) {
      let end = min(start + length, all.count)
      try tree.write(file, String(decoding: all[start..<end], as: UTF8.self), at: Int64(start))
      if !isWhole { #expect(try tree.tags() == (end < text.utf8.count ? "a=1" : "a=1 b=2")) }
      isWhole = end >= text.utf8.count
    }
    try tree.close(file)
    try tree.release(file)
    #expect(try tree.tags() == "a=1 b=2")
    #expect(tree.counter("merges") == 1)
  }
}
