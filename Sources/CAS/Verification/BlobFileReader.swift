package import CASPlatform
package import OCI
import SystemPackage

/// A reader of a blob that is a file, or a region of one. The file stays open when the blob is deleted.
package final class BlobFileReader: BlobReader {
  package let digest: Digest
  package let size: Int64
  private let file: OpenFile
  private let start: Int64

  /// - Parameter start: the offset of the blob in the file, in bytes.
  package init(_ digest: Digest, _ file: OpenFile, from start: Int64 = 0, size: Int64) {
    self.digest = digest
    self.file = file
    self.start = start
    self.size = size
  }

  package func read(into buffer: inout MutableSpan<UInt8>, at offset: Int64) throws(CASError) -> Int {
    guard offset >= 0 else {
      throw CASError(.invalid, operation: "read blob", subject: digest.description, cause: "negative offset: \(offset)")
    }
    // Bytes after the verified size do not belong to the blob.
    let wanted = Int(min(Int64(buffer.count), max(size - offset, 0)))
    if wanted == 0 { return 0 }
    let count: Int
    do throws(Errno) {
      count = try file.read(into: &buffer, at: start + offset, limit: wanted)
    } catch {
      throw CASError(error, OperationContext("read blob", on: digest))
    }
    guard count == wanted else {
      throw CASError(
        .io(.ioError), operation: "read blob", subject: digest.description,
        cause: "truncated while open: \(offset + Int64(count)) of \(size) bytes")
    }
    return count
  }
}
