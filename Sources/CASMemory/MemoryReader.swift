import CAS
import OCI

/// Reads the content of a blob, which it keeps when the blob is deleted.
final class MemoryReader: BlobReader {
  let digest: Digest
  private let content: Content
  private let context: OperationContext

  init(_ digest: Digest, _ content: Content, _ context: OperationContext) {
    self.digest = digest
    self.content = content
    self.context = context
  }

  var size: Int64 { content.size }

  func read(into buffer: inout MutableSpan<UInt8>, at offset: Int64) throws(CASError) -> Int {
    guard offset >= 0 else {
      throw CASError(.invalid, context, cause: "negative offset: \(offset)")
    }
    return content.read(into: &buffer, at: offset)
  }
}
