import CAS
import CASPlatform
import OCI
import SystemPackage
import TestSupport
import Testing

/// A store of one blob whose reader ends early, and whose references cannot be read.
private final class BrokenEngine: ReadOnlyEngine {
  let uri = "broken:"
  let driverName = "broken"
  let digest: Digest

  init() throws {
    digest = try Digest.of("hello".bytes)
  }

  func openBlob(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> any BlobReader {
    ShortReader(digest)
  }

  func blobInfo(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> BlobInfo {
    BlobInfo(size: 5, modified: Timestamp(seconds: 0, nanoseconds: 0), version: 0)
  }

  func reference(named name: ReferenceName) throws(CASError) -> Descriptor {
    throw CASError(.ioError, OperationContext("get reference", on: name))
  }

  func listBlobs() throws(CASError) -> any BlobListing { ArrayListing([digest]) }
  func index() throws(CASError) -> ImageIndex { ImageIndex() }
  func checkOpen(_ context: OperationContext) throws(CASError) {}
  func close() {}
}

private final class ShortReader: BlobReader {
  let digest: Digest
  let size: Int64 = 5

  init(_ digest: Digest) {
    self.digest = digest
  }

  func read(into buffer: inout MutableSpan<UInt8>, at offset: Int64) throws(CASError) -> Int {
    let count = min(max(3 - Int(offset), 0), buffer.count)
    for index in 0..<count { buffer[index] = 0x78 }
    return count
  }
}

@Suite struct BrokenStoreTests {
  @Test("E7: a blob that ends before its size is an error, not shorter content")
  func shortContents() throws {
    let store = try BrokenEngine()
    let error = failure { () throws(CASError) in try store.blobContents(store.digest, limit: 100) }
    #expect(error?.code == .io(.ioError))
  }

  @Test("E8: a put that checks for the blob fails when the previous reference cannot be read")
  func unreadableReference() throws {
    let store = try BrokenEngine()
    let descriptor = Descriptor(mediaType: "text/plain", digest: store.digest, size: 5)
    let name = try ReferenceName("name")
    let error = failure { () throws(CASError) in try store.putReferenceToStored(descriptor, named: name) }
    #expect(error?.code == .io(.ioError))
  }
}
