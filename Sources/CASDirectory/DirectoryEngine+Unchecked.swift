package import CAS
import CASPlatform
package import OCI

extension DirectoryEngine: UncheckedReading {
  package func openUncheckedBlob(
    _ digest: Digest, cancellation: CancellationToken
  ) throws(CASError) -> any BlobReader {
    let context = OperationContext("read blob", on: digest, cancellation: cancellation)
    guard let (file, status) = try store(context).blobs.open(digest, context) else { throw .notFound(context) }
    return BlobFileReader(digest, file, size: status.size)
  }
}
