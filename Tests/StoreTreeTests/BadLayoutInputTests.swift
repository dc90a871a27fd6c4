import OCI
import SystemPackage
import Testing

@testable import StoreTree

/// A bad input of a writer of the layout, and the call that reports it.
enum BadInput: String, CaseIterable {
  case halfAnIndex, tooLargeWrite, tooLargeTruncation, tooLargeRename, tooDeep, notUTF8, noObject, noManifests
  case noDescriptor
  case malformedEntry, malformedEscape, malformedPlatform, malformedAnnotations
  case unsafeName, unsafeNameByRename, halfByRename
  case wrongLayout, lyingDigest, lyingDigestByRename, otherContent

  /// The error; the layout is unchanged, and one line of the log has the reason.
  var error: Errno {
    switch self {
    case .tooLargeWrite, .tooLargeTruncation, .tooLargeRename: .fileTooLarge
    case .lyingDigest, .lyingDigestByRename, .otherContent: .badMessage
    default: .invalidArgument
    }
  }

  /// The calls up to the one that fails.
  func perform(on tree: TestTree) throws {
    let index = try tree.readIndex(by: .opener)
    switch self {
    case .halfAnIndex: try tree.writeIndex(TestIndex(text: index.text.dropLast(9)))
    case .halfByRename: try tree.writeIndex(TestIndex(text: index.text.dropLast(9)), inPlace: false)
    case .tooLargeWrite, .tooLargeTruncation:
      let file = try tree.open("index.json", writing: true, truncating: true)
      defer { try? tree.release(file) }
      if self == .tooLargeWrite { try tree.write(file, "{}", at: 64 << 20) }
      try tree.truncate(file, to: 64 << 20 + 1)
    case .tooLargeRename:
      let file = try tree.create("index.json.1.tmp")
      try tree.truncate(file, to: 64 << 20 + 1)
      try tree.close(file)
      try tree.release(file)
      try tree.rename("index.json.1.tmp", to: "index.json")
    case .tooDeep:
      let deep = String(repeating: "[", count: 90) + String(repeating: "]", count: 90)
      try tree.writeIndex(TestIndex(text: index.text.dropLast() + ",\"x\":\(deep)}"))
    case .notUTF8: try tree.writeIndex(TestIndex(text: index.text.dropLast() + ",\"x\":\"\\ud800\u{1}\"}"))
    case .malformedEscape:
      try tree.writeIndex(TestIndex(text: index.adding("?=2").text.replacing("?", with: "\\ud800")))
    case .malformedEntry:
      let file = try tree.open("index.json", writing: true, truncating: true)
      defer { try? tree.release(file) }
      var text = Array(index.adding("?=2").text.utf8)
      text = text.map { $0 == UInt8(ascii: "?") ? 0xFF : $0 }
      try tree.tree.write(file.opened.handle, text.span, at: 0, tree.context())
    case .noObject: try tree.writeIndex(TestIndex(text: "[\(index.text)]"))
    case .noManifests:
      let stamp = try #require(IndexText(parsing: Array(index.text.utf8)).stamp)
      try tree.writeIndex(TestIndex(text: "{\"annotations\":{\"\(IndexStamp.key)\":\"\(stamp.text)\"}}"))
    case .noDescriptor: try tree.writeIndex(TestIndex(text: "{\"manifests\":[{\"digest\":\"sha256:1\"}]}"))
    case .malformedPlatform:
      let added = index.adding("b=2").text.replacing("\"size\":1", with: "\"size\":1,\"platform\":5")
      try tree.writeIndex(TestIndex(text: added))
    case .malformedAnnotations:
      try tree.writeIndex(TestIndex(text: "{\"annotations\":{\"x\":5},\"manifests\":[]}"))
    case .unsafeName: try tree.writeIndex(index.adding("../b=2"))
    case .unsafeNameByRename: try tree.writeIndex(index.adding("../b=2"), inPlace: false)
    case .wrongLayout: try tree.save("oci-layout", "{\"imageLayoutVersion\":\"7\"}")
    case .lyingDigest: try tree.save(tree.blobPath(digest("content")), "other")
    case .lyingDigestByRename:
      try tree.save("oci-put-blob1", "other")
      try tree.rename("oci-put-blob1", to: tree.blobPath(digest("content")))
    case .otherContent:
      let path = try tree.blobPath(digest("1"))
      // The kernel repeats the open after ESTALE.
      #expect(throws: Errno.staleNFSFileHandle) { _ = try tree.open(path, writing: true, truncating: true) }
      let file = try tree.open(path, writing: true, truncating: true)
      defer { try? tree.release(file) }
      try tree.write(file, "2")
      try tree.close(file)
    }
  }
}

/// Bad input of tools of layouts.
@Suite struct BadLayoutInputTests {
  @Test(
    "W5, W6, W8: bad input is an error of one call and one line of the log, and changes nothing",
    arguments: BadInput.allCases)
  func table(_ input: BadInput) throws {
    let tree = try TestTree(.directory)
    try tree.tag("a=1")
    let before = try tree.read("index.json")
    #expect(throws: input.error) { try input.perform(on: tree) }
    #expect(try tree.tags() == "a=1")
    #expect(try tree.read("index.json") == before)
    #expect(try tree.read("oci-layout") == String(decoding: ImageLayout.content, as: UTF8.self))
    #expect(try tree.blobCount() == 1)
    #expect(tree.log.messages.count == 1, "\(tree.log.messages)")
  }

  @Test("W3, W5, W7: a writer that cannot be seen, as one of another pid namespace, changes the index by its stamp")
  func unseen() throws {
    let tree = try TestTree()
    try tree.tag("a=1")
    let read = try tree.readIndex(by: .unseen)
    try tree.tag("b=2")
    try tree.writeIndex(read.removing("a=1").adding("c=3"), by: .unseen)
    #expect(try tree.tags() == "b=2 c=3")
    try tree.writeIndex(tree.readIndex(by: .unseen).adding("d=4"), inPlace: false, by: .unseen)
    #expect(try tree.tags() == "b=2 c=3 d=4")
  }

  @Test("W3, W5: an index that is held open through many changes of others is a change when it is written at last")
  func heldOpen() throws {
    let tree = try TestTree()
    try tree.tag("a=1")
    let text = try tree.readIndex(by: .opener).removing("a=1").adding("b=2").text
    let file = try tree.open("index.json", writing: true)
    for number in 0..<50 { try tree.tag("t\(number)=\(number % 5 + 3)") }
    try tree.write(file, text)
    try tree.truncate(file, to: Int64(text.utf8.count))
    try tree.close(file)
    try tree.release(file)
    #expect(try Set(tree.tags().split(separator: " ")) == Set((0..<50).map { "t\($0)=\($0 % 5 + 3)" } + ["b=2"]))
  }
}
