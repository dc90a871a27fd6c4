package import CAS
import CASPlatform
package import OCI

extension DirectoryEngine: UncheckedReading {
  package func uncheckedBlobFile(
    _ digest: Digest, cancellation: CancellationToken
  ) throws(CASError) -> BlobFile? {
    let (_, blob, _) = try openUnchecked(digest, cancellation)
    return blob
  }

  package func delegateCheck(
    of digest: Digest, cancellation: CancellationToken
  ) throws(CASError) -> DelegatedCheck? {
    let (store, blob, identity) = try openUnchecked(digest, cancellation)
    return store.verifier.delegateCheck(of: digest, blob, identity)
  }

  private func openUnchecked(
    _ digest: Digest, _ cancellation: CancellationToken
  ) throws(CASError) -> (DirectoryStore, BlobFile, FileIdentity) {
    let context = OperationContext("read blob", on: digest, cancellation: cancellation)
    let store = try store(context)
    guard let (file, status) = try store.blobs.open(digest, context) else { throw .notFound(context) }
    return (store, BlobFile(file: file, offset: 0, info: BlobInfo(status)), status.identity)
  }
}
