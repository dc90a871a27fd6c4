import CAS
import CASPlatform
import Foundation
import OCI
import TestSupport
import Testing

@testable import CASDirectory

@Suite("Foreign and misplaced files", .boundedInTime)
struct ForeignFileTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func problems(_ engine: any Engine) throws -> [StoreProblem] {
    var problems: [StoreProblem] = []
    try engine.check { problems.append($0) }
    return problems
  }

  private func found(_ engine: any Engine) throws -> [String] {
    try problems(engine).map { "\($0.kind.rawValue) \($0.subject)" }.sorted()
  }

  @Test(
    "D6: a check reports misplaced and foreign files", arguments: DirectoryLayout.allCases)
  func strays(_ layout: DirectoryLayout) throws {
    let engine = try folder.store("store", layout)
    let address = try engine.putBlob("x".bytes)
    let long = try engine.putBlob("x".bytes, algorithm: .sha512)
    try engine.putReference(engine.descriptor(for: address.digest), named: ReferenceName(reading: "a/b"))
    #expect(try found(engine) == [])
    let (hex, hex512) = (address.digest.hex, long.digest.hex)
    for path in [
      hex, "blobs/\(hex)", "blobs/sha512/\(hex)", "blobs/sha256/\(hex.uppercased())", "blobs/sha256/\(hex512)",
      "README", "blobs/notes", "blobs/sha256/\(hex)x", "blobs/sha256/.hidden", "blobs/sha512/\(hex).tmp",
    ] {
      try writeText("x", folder("store/\(path)"))
    }
    try SystemCommand.expect(
      "mkdir", "-p", folder("store/blobs/sha256/\(hex)-dir"), folder("store/blobs/md5"), folder("store/lost"))
    try SystemCommand.expect("mkfifo", folder("store/blobs/sha256/fifo"))
    try makeSymbolicLink(folder("store/blobs/sha256/link"), to: folder("store/README"))
    // Files of casfs itself are not reported.
    try writeText("", folder("store/.casfs-tmp-0"))
    try writeText("", folder("store/.casfs-lock"))
    let misplaced = [
      hex, "blobs/\(hex)", "blobs/sha512/\(hex)", "blobs/sha256/\(hex.uppercased())", "blobs/sha256/\(hex512)",
    ]
    let foreign = [
      "README", "blobs/notes", "blobs/sha256/\(hex)x", "blobs/sha256/.hidden", "blobs/sha512/\(hex).tmp",
      "blobs/sha256/\(hex)-dir", "blobs/md5", "lost", "blobs/sha256/fifo", "blobs/sha256/link",
    ]
    let before = try SystemCommand.expect("find", folder("store"), "-printf", "%p %s %T@ %C@\n")
    #expect(try found(engine) == (misplaced.map { "misplaced \($0)" } + foreign.map { "foreign \($0)" }).sorted())
    #expect(try SystemCommand.expect("find", folder("store"), "-printf", "%p %s %T@ %C@\n") == before)
    let place = try problems(engine).first { $0.subject.contains(hex.uppercased()) }?.reason
    #expect(place == "expected place: blobs/sha256/\(hex)")
  }

  @Test("D6: a check reports names of arbitrary bytes readably")
  func names() throws {
    let engine = try folder.store()
    let script = #"""
      cd "$1/blobs/sha256"; touch "$(printf 'new\nline')" "$(printf '\033[2J')" "$(printf '\377\376')"
      touch "$(printf 'a\\x80\200')" "$(printf %0255d 0 | tr 0 x)"
      """#
    try SystemCommand.expect("bash", "-c", script, "bash", folder("store"))
    let expected = ["new\nline", "\u{1B}[2J", #"\xff\xfe"#, #"a\x80\x80"#, String(repeating: "x", count: 255)]
    #expect(try found(engine) == expected.map { "foreign blobs/sha256/\($0)" }.sorted())
    #expect(try engine.listBlobs().nextBatch().isEmpty)
    var removed = 0
    try engine.collectGarbage(GarbageOptions(grace: .zero)) { removed += $0.removed.count }
    #expect(removed == 0)
  }

  @Test("D5: a check reports duplicate names, unsafe names and malformed entries")
  func entries() throws {
    let engine = try folder.store()
    let good = try engine.descriptor(for: engine.putBlob("x".bytes).digest)
    let entries = [
      good.named(try ReferenceName(reading: "twice")).description,
      good.named(try ReferenceName(reading: "once")).description,
      good.named(try ReferenceName(reading: "twice")).description,
      good.named(try ReferenceName(reading: "twice")).description,
      good.description, good.description,
      good.named(try ReferenceName(reading: "SAFE")).description.replacing("SAFE", with: "../oci-layout"),
      good.named(try ReferenceName(reading: "LINE")).description.replacing("LINE", with: #"a\nb"#),
      "{\"annotations\":{\"org.opencontainers.image.ref.name\":\"none\"}}", "5",
      good.description.replacing("sha256:", with: "md5:"),
    ]
    try writeText("{\"schemaVersion\":2,\"manifests\":[\(entries.joined(separator: ","))]}", folder("store/index.json"))
    let expected = [
      "duplicate-name twice", "bad-name entry 7", "bad-name entry 8", "bad-descriptor none", "bad-descriptor entry 10",
      "bad-descriptor entry 11",
    ]
    #expect(try found(engine) == expected.sorted())
    #expect(try problems(engine).first { $0.kind == .duplicateName }?.reason.hasPrefix("3 entries") == true)
    try engine.putReference(good, named: ReferenceName(reading: "twice"), replacing: true, cancellation: .none)
    try engine.deleteReference(named: ReferenceName(reading: "none"))
    #expect(try found(engine).count == 4)
  }

  @Test("D1: a check reports files in refs that are not references or not descriptors")
  func refs() throws {
    let engine = try folder.store("store", .refs)
    try engine.putReference(
      engine.descriptor(for: engine.putBlob("x".bytes).digest), named: ReferenceName(reading: "good"))
    for file in ["bad", "%zz", "%41", "a%2Fb"] { try writeText("{}", folder("store/refs/\(file)")) }
    try makeSymbolicLink(folder("store/refs/link"), to: folder("store/refs/good"))
    try SystemCommand.expect("mkfifo", folder("store/refs/fifo"))
    try SystemCommand.expect("mkdir", folder("store/refs/dir"))
    try SystemCommand.expect("bash", "-c", #"touch "$1/refs/$(printf '\377')""#, "bash", folder("store"))
    let expected = [
      "bad-descriptor a/b", "bad-descriptor bad", "bad-descriptor dir", "bad-descriptor fifo", "bad-descriptor link",
      "foreign refs/%41", "foreign refs/%zz", #"foreign refs/\xff"#,
    ]
    #expect(try found(engine) == expected)
    #expect(errorCode { try engine.collectGarbage() } == .invalid)
  }

  @Test("D6: a check reports an entry under a digest that is not a regular file; it is neither opened nor collected")
  func notRegular() throws {
    let engine = try folder.store()
    let digests = try ["a", "b", "c", "d"].map { try Digest.of(($0).bytes) }
    try writeText("secret", folder("outside"))
    try makeSymbolicLink(engine.file(digests[0]), to: folder("outside"))
    try SystemCommand.expect("mkfifo", engine.file(digests[1]))
    try SystemCommand.expect("mkdir", engine.file(digests[2]))
    try SystemCommand.expect("mknod", engine.file(digests[3]), "c", "1", "3")
    let manifest = Descriptor(mediaType: MediaType.imageManifest, digest: digests[2], size: 1)
    try engine.putReference(manifest, named: ReferenceName(reading: "a"))
    #expect(try found(engine) == digests.map { "unreadable \($0)" }.sorted())
    // A manifest that is a directory cannot be read.
    #expect(errorCode { try engine.collectGarbage(GarbageOptions(grace: .zero)) } == .invalid)
    try engine.deleteReference(named: ReferenceName(reading: "a"))
    try engine.collectGarbage(GarbageOptions(grace: .zero)) { #expect($0.removed.isEmpty) }
    #expect(try entryNames(folder("store/blobs/sha256")).count == 4)
    #expect(try readText(folder("outside")) == "secret")
  }

  @Test("D9: a blob that another tool is writing is not reported as corrupt")
  func beingWritten() throws {
    let engine = try folder.store()
    let digest = try Digest.of("hello".bytes)
    try writeText("hel", engine.file(digest))
    let writer = try OpenFile.open(path: engine.file(digest), .readWrite)
    let during = try problems(engine)
    #expect(during.map(\.kind) == [.unreadable] && during[0].reason.contains("still being written"))
    try writer.write("hello".bytes.span, at: 0)
    withExtendedLifetime(writer) {}
    #expect(try eventually { try found(engine) == [] })
  }
}
