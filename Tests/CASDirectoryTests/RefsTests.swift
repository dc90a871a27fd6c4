import CAS
import Foundation
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import CASDirectory

@Suite("References of the refs layout")
struct RefsTests {
  let folder: TemporaryFolder
  let engine: any Engine

  init() throws {
    folder = try TemporaryFolder()
    engine = try folder.store("store", .refs)
  }

  @Test("D7: names map to plain file names one to one")
  func fileNames() throws {
    let table = [
      "latest": "latest", "a/b": "a%2Fb", ".hidden": "%2Ehidden", "a.b": "a.b", "50%": "50%25", "a b": "a b",
      "x/.y": "x%2F.y", "ä": "ä",
    ]
    for (text, file) in table {
      let name = try ReferenceName(reading: text)
      #expect(ReferenceFileName.encode(name) == file)
      #expect(ReferenceFileName.decode(file) == name)
    }
    for file in ["a%2fb", "%41", "%", "%2", "%2F", ".hidden", "a%2F..%2Fb", "%00", "a/b", "+%+4"] {
      #expect(ReferenceFileName.decode(file) == nil, "\(file)")
    }
    #expect(ReferenceFileName.encode(try ReferenceName(reading: String(repeating: "a", count: 255))) != nil)
    #expect(ReferenceFileName.encode(try ReferenceName(reading: String(repeating: "a", count: 256))) == nil)
  }

  @Test("D4: references are put, compared, replaced, listed and deleted in the refs layout")
  func roundTrip() throws {
    let one = try Descriptor.sample("one")
    let two = try Descriptor.sample("two")
    let nested = try ReferenceName(reading: "docker.io/library/alpine:3.20")
    try engine.putReference(one, named: nested)
    try engine.putReference(one.named(try ReferenceName(reading: "other")), named: nested)
    #expect(errorCode { try engine.putReference(two, named: nested) } == .clobber)
    #expect(try engine.reference(named: nested) == one)
    try engine.putReference(two, named: nested, replacing: true, cancellation: .none)
    try engine.putReference(one, named: try ReferenceName(reading: "a"))
    #expect(try engine.listReferences().map(\.name.description) == ["a", nested.description])
    #expect(try readText(folder("store/refs/a")) == one.description + "\n")
    #expect(try engine.index().entry(named: nested)?.descriptor.get() == two)
    #expect(try openStore(folder("store")).reference(named: nested) == two)
    try engine.deleteReference(named: nested)
    try engine.deleteReference(named: nested)
    #expect(errorCode { _ = try engine.reference(named: nested) } == .notFound)
    #expect(try entryNames(folder("store")) == ["blobs", "oci-layout", "refs"])
    let long = try ReferenceName(reading: String(repeating: "a/", count: 100) + "a")
    #expect(errorCode { try engine.putReference(one, named: long) } == .invalid)
    #expect(errorCode { _ = try engine.reference(named: long) } == .notFound)
  }

  @Test("W12: an index with a name that the layout cannot have changes no reference")
  func unsuitableName() throws {
    let one = try Descriptor.sample("one")
    try engine.putReference(one, named: ReferenceName("old"))
    let names = ["good", String(repeating: "a/", count: 100) + "a"]
    let entries = try names.map { try one.named(ReferenceName(reading: $0)).json }
    let change = try IndexChange(from: engine.index().text, to: ImageIndex(listing: entries).text)
    #expect(
      errorCode { _ = try engine.changeIndex(change, refusesConflicts: false, cancellation: .none) } == .invalid)
    #expect(try engine.listReferences().map(\.name.description) == ["old"])
  }

  @Test("D6: a reference that is malformed, too long, a link or a FIFO is neither followed nor forgotten")
  func hostile() throws {
    try writeText(try Descriptor.sample("x").description, folder("outside"))
    try makeSymbolicLink(folder("store/refs/link"), to: folder("outside"))
    try SystemCommand.expect("mkfifo", folder("store/refs/fifo"))
    try SystemCommand.expect("mkdir", folder("store/refs/dir"))
    try SystemCommand.expect("truncate", "-s", "2M", folder("store/refs/long"))
    try writeText(try Descriptor.sample("y").description, folder("store/refs/%41"))
    try writeText(try Descriptor.sample("z").description, folder("store/refs/good"))
    #expect(try engine.listReferences().map(\.name.description) == ["good"])
    let entries = try engine.index().entries
    #expect(entries.count == 6)
    #expect(entries.filter { $0.name == nil }.count == 1)
    for bad in ["link", "fifo", "dir", "long"] {
      #expect(errorCode { _ = try engine.reference(named: try ReferenceName(reading: bad)) } == .invalid, "\(bad)")
      #expect(
        errorCode { try engine.putReference(try Descriptor.sample("x"), named: try ReferenceName(reading: bad)) }
          == .clobber, "\(bad)")
    }
    try engine.deleteReference(named: try ReferenceName(reading: "link"))
    #expect(FileManager.default.fileExists(atPath: folder("outside")))
  }
}
