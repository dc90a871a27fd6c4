import SystemPackage
import TestSupport
import Testing

@testable import StoreTree

struct BufferHandleTests {
  private let context = RequestContext(user: 0, group: 0, thread: 0)

  @Test("W6: each part of content in pieces is read as from the whole", arguments: 0..<20)
  func parts(_ seed: Int) throws {
    var generator = SeededGenerator(UInt64(seed))
    let pieces = (0..<5).map { _ in
      let bytes = (0..<Int.random(in: 2...20, using: &generator)).map { UInt8($0) }
      // The slices are from arrays that are longer.
      return bytes.dropFirst().prefix(Int.random(in: 0...19, using: &generator))
    }
    let whole = Array(pieces.joined())
    let handle = BufferHandle(pieces: pieces)
    for offset in [-1] + Array(0...whole.count + 1) {
      for count in [0, 1, 7, 100] {
        guard case .bytes(let bytes) = try handle.read(at: Int64(offset), count: count, context) else { return }
        #expect(bytes == (offset < 0 ? [] : Array(whole.dropFirst(offset).prefix(count))))
      }
    }
  }
}
