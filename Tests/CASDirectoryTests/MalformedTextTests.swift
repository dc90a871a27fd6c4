import CAS
import Foundation
import OCI
import TestSupport
import Testing

@testable import CASDirectory

@Suite("G5: texts of other tools that are not quite JSON", .boundedInTime)
struct MalformedTextTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  /// An entry of a manifest with a member of annotations.
  private func entry(_ engine: any Engine, _ manifest: String, _ annotation: String) throws -> String {
    let address = try engine.putBlob(manifest.bytes)
    return "{\"mediaType\":\"\(MediaType.imageManifest)\",\"digest\":\"\(address.digest)\",\"size\":\(address.size),"
      + "\"annotations\": {\(annotation)}}"
  }

  private func write(_ entries: [String], member: String = "") throws {
    let text = "{\"schemaVersion\":2\(member), \"manifests\":[\(entries.joined(separator: ", "))]}"
    // Latin-1, so that an é of the text is a byte that is not UTF-8.
    let bytes = text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
    try Data(bytes).write(to: URL(fileURLWithPath: folder("store/index.json")))
  }

  private func found(_ engine: any Engine) throws -> [String] {
    var problems: [String] = []
    try engine.check { problems.append("\($0.kind.rawValue) \($0.subject) \($0.isDamage)") }
    return problems.sorted()
  }

  private static let manifest = #"{"schemaVersion":2,"config":null,"layers":null,"annotations":{"a":"cut \ude00"}}"#

  @Test("G5: half an emoji, Latin-1 and a null annotation are read, and unchanged entries keep their bytes")
  func annotations() throws {
    let engine = try folder.store()
    let cut = try entry(engine, Self.manifest, #""\#(Descriptor.referenceNameKey)":"v1","description":"cut \ud83d""#)
    let author = "\"author\":\"Ren\u{E9}\""
    let latin = try entry(engine, "{}", author + #", "\#(Descriptor.referenceNameKey)": "v2""#)
    let null = try entry(engine, "{}", #""\#(Descriptor.referenceNameKey)":null, "other": null"#)
    try write([cut, latin, null], member: ",\"annotations\":null")
    let before = try Data(contentsOf: URL(fileURLWithPath: folder("store/index.json")))
    let other = try openStore(folder("store"))
    #expect(try other.listReferences().map(\.name.description) == ["v1", "v2"])
    let descriptor = try other.reference(named: ReferenceName("v1"))
    #expect(descriptor.annotation("description") == "cut \u{FFFD}")
    #expect(try other.index().entries[1].descriptor.get().annotation("author") == "Ren\u{FFFD}")
    #expect(try other.index().entries[2].name == nil)
    // The digest is that of the bytes.
    #expect(try other.text(descriptor.digest) == Self.manifest)
    try other.putReference(descriptor, named: ReferenceName("v3"))
    try other.deleteReference(named: ReferenceName("v3"))
    let after = try Data(contentsOf: URL(fileURLWithPath: folder("store/index.json")))
    for part in [cut, latin, null] {
      let bytes = Data(part.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) })
      #expect(before.range(of: bytes) != nil && after.range(of: bytes) != nil)
    }
    #expect(try found(other) == ["unusual \(descriptor.digest) false", "unusual index false"].sorted())
    try other.collectGarbage(GarbageOptions(grace: .zero)) { #expect($0.removed.isEmpty) }
    let target = try folder.store("target")
    try other.copy(descriptor, to: target, named: ReferenceName("v1"))
    #expect(try target.text(descriptor.digest) == Self.manifest)
  }

  @Test("G5: null members count as absent", arguments: ["schemaVersion", "mediaType", "annotations", "subject"])
  func nullMembers(_ member: String) throws {
    try folder.store().close()
    let version = member == "schemaVersion" ? "" : "\"schemaVersion\":2,"
    try writeText("{\(version)\"\(member)\":null,\"manifests\":[]}", folder("store/index.json"))
    #expect(try openStore(folder("store")).listReferences().isEmpty)
  }

  @Test(
    "G5: a byte order mark, a doubled member and another version stay invalid",
    arguments: [
      "\u{FEFF}{\"schemaVersion\":2,\"manifests\":[]}", "{\"schemaVersion\":2,\"manifests\":[],\"manifests\":[]}",
      "{\"schemaVersion\":\"2\",\"manifests\":[]}", "{\"schemaVersion\":1,\"manifests\":[]}",
      #"{"schemaVersion":2,"manifests":[{"a":1,"\u0061":1}]}"#,
    ])
  func refused(_ text: String) throws {
    try folder.store().close()
    try writeText(text, folder("store/index.json"))
    #expect(errorCode { _ = try openStore(folder("store")) } == .invalid)
  }
}
