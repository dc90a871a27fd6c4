import TestSupport
import Testing

/// Registries with wrong tags and manifests.
@Suite(.needs(.fuse, .tools("curl", "jq", "python3", "skopeo"))) struct TagFaultTests {
  @Test("E11: paged tags are listed completely")
  func pages() throws {
    try ScriptedMount().run(.test, "TagFault/pages.sh")
  }

  @Test("E11: a list of tags that is endless, malformed or leads elsewhere fails in bounded time")
  func endless() throws {
    try ScriptedMount().run(.test, "TagFault/endless.sh")
  }

  @Test("D7, E11: malformed tags are skipped, and lead nowhere")
  func hostile() throws {
    try ScriptedMount().run(.test, "TagFault/hostile.sh")
  }

  @Test("V2, E15: a manifest that does not match its digest is rejected with the reason")
  func manifests() throws {
    try ScriptedMount().run(.test, "TagFault/manifests.sh")
  }

  @Test("E15: a manifest over 4 MiB is rejected before it is read")
  func large() throws {
    try ScriptedMount().run(.test, "TagFault/large.sh")
  }

  /// A fault of a tag's manifest, a word of its error, and the error of a read.
  struct Refusal: Sendable, CustomTestStringConvertible {
    var fault: String
    var word: String
    var errno: String
    var testDescription: String { word }
  }

  @Test(
    "N5: a tag that is listed and not served is an error of its own",
    arguments: [
      Refusal(fault: #""status": 412"#, word: "answered 412", errno: "Permission denied"),
      Refusal(fault: #""status": 404"#, word: "answered 404", errno: "No such file"),
      Refusal(fault: #""replace": "{}""#, word: "corrupt", errno: "Input/output error"),
    ])
  func refused(refusal: Refusal) throws {
    try ScriptedMount().run(
      .test, "TagFault/refused.sh", ["fault": refusal.fault, "word": refusal.word, "errno": refusal.errno])
  }

  @Test("N5: tags of a registry that does not list them are found by name")
  func unlisted() throws {
    try ScriptedMount().run(.test, "TagFault/unlisted.sh")
  }

  @Test("N5: an answer that is not a list of tags is a refusal: they are found by name")
  func notList() throws {
    try ScriptedMount().run(.test, "TagFault/notlist.sh")
  }
}
