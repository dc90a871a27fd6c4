import CAS
import CASMemory
import CASPlatform
import Foundation
import OCI
import Synchronization
import SystemPackage
import TestSupport
import Testing

// The example of man/casfs-driver.7, as it stands there.

/// A store of one blob, the text after `text:`, with one reference, `text`.
struct TextDriver: Driver {
  let name = "text"

  func supports(_ uri: String) -> Bool {
    uri.utf8.starts(with: "text:".utf8)
  }

  func open(_ uri: String, options: OpenOptions) throws(CASError) -> any Engine {
    try TextEngine(uri)
  }

  func create(_ uri: String, options: CreateOptions) throws(CASError) -> any Engine {
    throw CASError(.notImplemented, OperationContext("create store", on: uri), cause: "a text is a store already")
  }
}

final class TextEngine: ReadOnlyEngine {
  let uri: String
  let driverName = "text"
  private let text: [UInt8]
  private let descriptor: Descriptor
  private let isClosed = Atomic(false)

  init(_ uri: String) throws(CASError) {
    self.uri = uri
    let text = Array(uri.utf8.dropFirst("text:".utf8.count))
    var digester = Digester(.sha256)
    digester.update(text.span)
    guard let digest = digester.digest else {
      throw CASError(.invalid, OperationContext("open store", on: uri), cause: "the text has no digest")
    }
    self.text = text
    descriptor = Descriptor(mediaType: "text/plain", digest: digest, size: Int64(text.count))
  }

  func openBlob(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> any BlobReader {
    let context = OperationContext("read blob", on: digest, cancellation: cancellation)
    try check(digest, context)
    try context.checkCancellation()
    return TextReader(digest, text)
  }

  func blobInfo(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> BlobInfo {
    try check(digest, OperationContext("look up blob", on: digest))
    let modified = Timestamp(seconds: 0, nanoseconds: 0)
    return BlobInfo(size: descriptor.size, modified: modified, version: 0)
  }

  func listBlobs() throws(CASError) -> any BlobListing {
    try checkOpen(OperationContext("list blobs", on: uri))
    return ArrayListing([descriptor.digest])
  }

  func index() throws(CASError) -> ImageIndex {
    let context = OperationContext("read index", on: uri)
    try checkOpen(context)
    do throws(InvalidValue) {
      let content = ImageIndex().setting(descriptor, named: try ReferenceName("text"))
      return try ImageIndex(parsing: content)
    } catch {
      throw .invalid(context, error)
    }
  }

  func checkOpen(_ context: OperationContext) throws(CASError) {
    if isClosed.load(ordering: .acquiring) { throw .closed(context) }
  }

  func close() {
    isClosed.store(true, ordering: .releasing)
  }

  private func check(_ digest: Digest, _ context: OperationContext) throws(CASError) {
    try checkOpen(context)
    if digest != descriptor.digest { throw .notFound(context) }
  }
}

final class TextReader: BlobReader {
  let digest: Digest
  let size: Int64
  private let text: [UInt8]

  init(_ digest: Digest, _ text: [UInt8]) {
    self.digest = digest
    self.text = text
    size = Int64(text.count)
  }

  func read(into buffer: inout MutableSpan<UInt8>, at offset: Int64) throws(CASError) -> Int {
    guard offset >= 0 else {
      throw CASError(.invalid, OperationContext("read blob", on: digest), cause: "negative offset")
    }
    guard offset < size else { return 0 }
    let rest = text[Int(offset)...].prefix(buffer.count)
    for (index, byte) in rest.enumerated() { buffer[index] = byte }
    return rest.count
  }
}
// The end of the example.

@Suite struct DriverManualTests {
  @Test("E1, E3: the manual's driver is registered, opened, read and copied from, and rejects changes")
  func works() throws {
    let drivers = DriverRegistry([MemoryDriver()])
    drivers.register(TextDriver())
    let store = try drivers.open("text:hello")
    let name = try ReferenceName("text")
    let content = Array("hello".utf8)
    let wanted = try Digest.of(content)
    #expect(try store.reference(named: name).digest == wanted)
    #expect(try store.listReferences().map(\.name) == [name])
    #expect(try store.listBlobs().nextBatch() == [wanted])
    let reader = try store.openBlob(wanted)
    #expect(try reader.read(10, at: 0) == content)
    #expect(try reader.read(2, at: 3) == Array("lo".utf8))
    #expect(try reader.read(1, at: 5).isEmpty && reader.read(1, at: .max).isEmpty)
    let absent = try Digest.of([])
    #expect(failure { () throws(CASError) in try store.openBlob(absent) }?.code == .notFound)
    #expect(failure { () throws(CASError) in try store.putBlob([1]) }?.code == .io(.readOnlyFileSystem))
    #expect(failure { () throws(CASError) in try drivers.create("text:x") }?.code == .notImplemented)
    var problems: [StoreProblem] = []
    try store.check { problems.append($0) }
    #expect(problems.isEmpty)
    let target = try drivers.create("mem:")
    try store.copy(store.reference(named: name), to: target, named: name)
    #expect(try target.blobContents(wanted, limit: 5) == content)
    store.close()
    #expect(failure { () throws(CASError) in try store.index() }?.code == .closed)
  }

  @Test("E3: the manual shows this driver")
  func isTheManuals() throws {
    let here = try String(contentsOfFile: #filePath, encoding: .utf8)
    let page = try String(contentsOf: Project.folder.appending(path: "man/casfs-driver.7"), encoding: .utf8)
    let start = try #require(here.range(of: "/// A store of one blob")).lowerBound
    let end = try #require(here.range(of: "// The end of the example.")).lowerBound
    let code = here[start..<end].trimmingCharacters(in: .newlines)
    #expect(page.contains(".Bd -literal\n\(code)\n.Ed\n"))
  }
}
