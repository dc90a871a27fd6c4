import StoreTree
import TestSupport
import Testing

/// Names as text: a bijection that leaves UTF-8 as it is.
@Suite struct NameTextTests {
  private static let pieces: [[UInt8]] = [
    Array("name".utf8), Array("e\u{301}".utf8), Array("\u{E9}".utf8), Array("\u{10FF7F}".utf8),
    Array("\u{10FF80}".utf8), Array("\u{10FFFF}".utf8), [0xF4], [0xF4, 0x8F], [0xFF], [0xC3], [0x80],
    [0xED, 0xA0, 0x80],
  ]

  @Test("I10: a name of any bytes has a text of its own, which gives its bytes again")
  func roundTrip() {
    var generator = SeededGenerator(1)
    for _ in 0..<20_000 {
      let name = (0..<Int.random(in: 1...5, using: &generator)).flatMap { _ in
        Bool.random(using: &generator)
          ? Self.pieces.randomElement(using: &generator) ?? []
          : [UInt8.random(in: 1...255, using: &generator)]
      }
      let text = NameText.text(of: name)
      #expect(NameText.bytes(of: text) == name)
      if let plain = String(validating: name, as: UTF8.self), NameText.isPlain(plain) {
        #expect(Array(text.utf8) == name)
      }
    }
  }
}
