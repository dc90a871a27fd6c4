internal import CAS
internal import OCI
internal import Platform
internal import SystemPackage

/// Reads a blob's file, which stays open when the blob is deleted.
final class BlobFileReader: BlobReader {
  let digest: Digest
  let size: Int64
  private let file: OpenFile

  init(_ digest: Digest, _ file: OpenFile, size: Int64) {
    self.digest = digest
    self.file = file
    self.size = size
  }

  func read(into buffer: inout MutableSpan<UInt8>, at offset: Int64) throws(CASError) -> Int {
    guard offset >= 0 else {
      throw CASError(.invalid, "read blob", digest.description, cause: "an offset is not negative")
    }
    // Bytes beyond the size that was verified are nobody's.
    let wanted = Int(min(Int64(buffer.count), max(size - offset, 0)))
    if wanted == 0 { return 0 }
    let count: Int
    do throws(Errno) {
      count = try file.read(into: &buffer, at: offset, limit: wanted)
    } catch {
      throw CASError(error, "read blob", digest.description)
    }
    guard count == wanted else {
      throw CASError(
        .io(.ioError), "read blob", digest.description, cause: "it was cut short of its \(size) bytes meanwhile")
    }
    return count
  }
}
