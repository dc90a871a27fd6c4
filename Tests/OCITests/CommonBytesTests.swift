import TestSupport
import Testing

@testable import OCI

struct CommonBytesTests {
  @Test("W2: equal bytes at both ends of two texts are counted as one by one", arguments: 0..<50)
  func counts(_ seed: Int) {
    var generator = SeededGenerator(UInt64(seed))
    let count = Int.random(in: 0...300, using: &generator)
    let text = (0..<count).map { _ in UInt8.random(in: 0...3, using: &generator) }
    var other = text
    if !other.isEmpty, Bool.random(using: &generator) {
      other[Int.random(in: 0..<other.count, using: &generator)] ^= 4
    }
    let place = Int.random(in: 0...other.count, using: &generator)
    other.insert(contentsOf: (0..<Int.random(in: 0...100, using: &generator)).map { _ in 9 }, at: place)
    let prefix = zip(text, other).prefix { $0 == $1 }.count
    let suffix = zip(text.reversed(), other.reversed()).prefix { $0 == $1 }.count
    #expect(text.span.countOfCommonPrefix(with: other.span) == prefix)
    #expect(other.span.countOfCommonPrefix(with: text.span) == prefix)
    #expect(text.span.countOfCommonSuffix(with: other.span) == suffix)
    #expect(other.span.countOfCommonSuffix(with: text.span) == suffix)
    #expect(text.span.hasBytes(of: other.span) == (text == other))
    #expect(text.span.hasBytes(of: text.span) == true)
  }

  @Test(
    "W2: two texts have the same tokens if they differ by the space between them alone",
    arguments: [
      (#"{"a":[1,true]}"#, " {\t\"a\" :\n[ 1 , true ]\r}\n", true), (#"{"a b":1}"#, #"{"ab":1}"#, false),
      (#"{"a":" "}"#, #"{"a":"  "}"#, false), (#"["\" ",1]"#, #"["\" ", 1]"#, true),
      (#"["\" ",1]"#, #"["\"",1]"#, false),
      (#"["\\" ,1]"#, #"["\\",1]"#, true), ("[1]", "[1", false), ("[1]", "[1]2", false), ("", " ", true),
      (#""a"#, #""a "#, false),
    ])
  func tokens(_ text: String, _ other: String, _ isSame: Bool) {
    let (bytes, others) = (Array(text.utf8), Array(other.utf8))
    #expect(bytes.span.hasTokens(of: others.span) == isSame)
    #expect(others.span.hasTokens(of: bytes.span) == isSame)
  }

  @Test(
    "W2: a text begins with the tokens of a valid one, whatever follows, and has no space within one",
    arguments: [
      (#"{"a":12}"#, " { \"a\" : 12 }  ,{", 13), (#"{"a":12}"#, #"{"a":1 2}"#, nil), (#"{"a":12}"#, #"{"a":12"#, nil),
      (#"{"a":true}"#, #"{"a":tr ue}"#, nil), (#"{"a":-1.5e+3}"#, #"{"a":-1.5e +3}"#, nil),
      (#"{"a":-1}"#, #"{"a":- 1}"#, nil), (#"{"a":[1,2]}"#, #"{"a":[1 , 2]}"#, 13), ("{}", "{ }}", 3), ("{}", "", nil),
      (#"{"a":"1 2"}"#, #"{"a":"12"}"#, nil), (#"{"a":"12"}"#, #"{"a":"1 2"}"#, nil),
    ])
  func beginning(_ valid: String, _ text: String, _ count: Int?) {
    #expect(Array(text.utf8).span.countOfTokens(of: Array(valid.utf8).span) == count)
  }
}
