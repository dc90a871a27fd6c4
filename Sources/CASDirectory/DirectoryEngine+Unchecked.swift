package import CAS
import CASPlatform
package import OCI

extension DirectoryEngine: UncheckedReading {
  package func uncheckedBlobFile(
    _ digest: Digest, cancellation: CancellationToken
  ) throws(CASError) -> BlobFile? {
    let context = OperationContext("read blob", on: digest, cancellation: cancellation)
    guard let (file, status) = try store(context).blobs.open(digest, context) else { throw .notFound(context) }
    return BlobFile(file: file, offset: 0, info: BlobInfo(status))
  }

  package func delegateCheck(
    of digest: Digest, cancellation: CancellationToken
  ) throws(CASError) -> DelegatedCheck? {
    let context = OperationContext("read blob", on: digest, cancellation: cancellation)
    let store = try store(context)
    guard let (file, status) = try store.blobs.open(digest, context) else { throw .notFound(context) }
    let blob = BlobFile(file: file, offset: 0, info: BlobInfo(status))
    return store.verifier.delegateCheck(of: digest, blob, status.identity)
  }
}
