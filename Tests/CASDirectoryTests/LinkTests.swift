import CAS
import Foundation
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import CASDirectory

@Suite("G4: stores whose parts are symbolic links", .boundedInTime)
struct LinkTests {
  /// The part of a store that is a symbolic link; the target is in another directory.
  enum Part: String, CaseIterable, Sendable {
    case blob, algorithm, blobs, references, marker
  }

  let folder: TemporaryFolder
  /// The content of the store's blob.
  private static let content = "hello"

  init() throws {
    folder = try TemporaryFolder()
  }

  /// Creates a store with one blob and one reference to it, and moves a part of it out, behind a link.
  private func makeStore(_ parts: [Part], _ layout: DirectoryLayout = .index) throws -> Descriptor {
    let engine = try folder.store("store", layout)
    let descriptor = try engine.descriptor(for: engine.putBlob(Self.content.bytes).digest)
    try engine.putReference(descriptor, named: ReferenceName("v1"))
    engine.close()
    for part in parts {
      let path =
        switch part {
        case .blob: "blobs/sha256/\(descriptor.digest.hex)"
        case .algorithm: "blobs/sha256"
        case .blobs: "blobs"
        case .references: layout == .index ? "index.json" : "refs/v1"
        case .marker: "oci-layout"
        }
      try moveItem(folder("store/\(path)"), to: folder("outside-\(part.rawValue)"))
      try makeSymbolicLink(folder("store/\(path)"), to: folder("outside-\(part.rawValue)"))
    }
    return descriptor
  }

  private func follow() throws -> any Engine {
    try DirectoryDriver(followsLinks: true).open(folder("store"), options: OpenOptions())
  }

  private func cause(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch {
      return (error as? CASError)?.cause
    }
  }

  @Test(
    "G4: links are followed with the option, and otherwise refused with the ways out", arguments: Part.allCases,
    DirectoryLayout.allCases)
  func followed(_ part: Part, _ layout: DirectoryLayout) throws {
    let descriptor = try makeStore([part], layout)
    let refusal = cause {
      let engine = try openStore(folder("store"))
      _ = try engine.reference(named: ReferenceName("v1"))
      _ = try engine.openBlob(descriptor.digest)
    }
    #expect(refusal?.contains("cp -rL") == true && refusal?.contains("follow_links") == true)
    let engine = try follow()
    #expect(try engine.reference(named: ReferenceName("v1")) == descriptor)
    #expect(try engine.listReferences().count == 1)
    #expect(try engine.listBlobs().nextBatch() == [descriptor.digest])
    #expect(try engine.blobInfo(descriptor.digest).size == descriptor.size)
    #expect(try engine.text(descriptor.digest) == Self.content)
    try engine.check { Issue.record("\($0)") }
  }

  @Test("G4: a store whose links are followed is read-only", arguments: DirectoryLayout.allCases)
  func readOnly(_ layout: DirectoryLayout) throws {
    let descriptor = try makeStore([.blob], layout)
    let engine = try follow()
    #expect(!engine.isWritable)
    let readOnly = CASError.Code.io(.readOnlyFileSystem)
    let name = try ReferenceName("v2")
    #expect(errorCode { _ = try engine.putBlob("x".bytes) } == readOnly)
    #expect(errorCode { try engine.putReference(descriptor, named: name) } == readOnly)
    #expect(errorCode { try engine.deleteReference(named: name) } == readOnly)
    #expect(errorCode { try engine.deleteBlob(descriptor.digest) } == readOnly)
    #expect(errorCode { _ = try engine.clean() } == readOnly)
  }

  @Test("G4: content behind a link is verified, and its change is seen")
  func verified() throws {
    let descriptor = try makeStore([.blob, .references])
    let engine = try follow()
    #expect(try engine.text(descriptor.digest) == Self.content)
    try removeItem(folder("outside-blob"))
    try writeText("HELLO", folder("outside-blob"))
    #expect(errorCode { _ = try engine.openBlob(descriptor.digest) } == .corrupt)
    try removeItem(folder("outside-references"))
    try writeText("{\"schemaVersion\":2,\"manifests\":[]}", folder("outside-references"))
    #expect(try engine.listReferences().isEmpty)
  }

  @Test("G4: a link to a FIFO, a device, a directory, itself or nothing is invalid and is not opened")
  func hostile() throws {
    try folder.store().close()
    let digests = try (0..<5).map { try Digest.of([UInt8($0)]) }
    let engine = try follow()
    try SystemCommand.expect("mkfifo", folder("fifo"))
    let targets = [folder("fifo"), "/dev/zero", folder("store"), engine.file(digests[3]), folder("absent")]
    for (digest, target) in zip(digests, targets) { try makeSymbolicLink(engine.file(digest), to: target) }
    for digest in digests {
      #expect(errorCode { _ = try engine.openBlob(digest) } == .invalid)
      #expect(errorCode { _ = try engine.blobInfo(digest) } == .invalid)
    }
    var problems: [String] = []
    try engine.check { problems.append("\($0.kind.rawValue) \($0.subject)") }
    #expect(problems.sorted() == digests.map { "unreadable \($0)" }.sorted())
    // The files of the layout are no other.
    for (name, target) in [("index.json", folder("fifo")), ("oci-layout", "/dev/zero"), ("blobs", folder("fifo"))] {
      try moveItem(folder("store/\(name)"), to: folder("kept"))
      try makeSymbolicLink(folder("store/\(name)"), to: target)
      #expect(errorCode { _ = try follow() } == .invalid)
      try removeItem(folder("store/\(name)"))
      try moveItem(folder("kept"), to: folder("store/\(name)"))
    }
  }
}
