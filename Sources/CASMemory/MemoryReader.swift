import CAS
import OCI

/// Reads the content a blob had when it was opened.
final class MemoryReader: BlobReader {
  let digest: Digest
  private let content: Content

  init(_ digest: Digest, _ content: Content) {
    self.digest = digest
    self.content = content
  }

  var size: Int64 { content.size }

  func read(into buffer: inout MutableSpan<UInt8>, at offset: Int64) throws(CASError) -> Int {
    guard offset >= 0 else {
      throw CASError(.invalid, operation: "read blob", subject: digest.description, cause: "the offset is negative")
    }
    return content.read(into: &buffer, at: offset)
  }
}
