package import CAS
import CASPlatform
package import OCI
import SystemPackage

extension DirectoryEngine: ForeignBlobReading {
  /// Reads `blobs/ALGORITHM/ENCODED` of an unsupported algorithm; see `ForeignBlobReading`.
  package func contents(
    of descriptor: ForeignDescriptor, limit: Int, cancellation: CancellationToken
  ) throws(CASError) -> [UInt8]? {
    let context = OperationContext("read blob", on: descriptor.description, cancellation: cancellation)
    try context.checkCancellation()
    let store = try store(context)
    do throws(Errno) {
      let directory = try store.links.openDirectory("blobs/\(descriptor.algorithm)", in: store.root)
      return try store.links.openFile(descriptor.encoded, in: directory).file.contents(limit: limit)
    } catch {
      switch error {
      case .noSuchFileOrDirectory: return nil
      case .fileTooLarge where Manifest.kind(of: descriptor.mediaType) == nil: return nil
      case .invalidArgument, .tooManySymbolicLinkLevels, .notDirectory:
        throw CASError(.invalid, context, cause: "not a regular file")
      default: throw CASError(error, context)
      }
    }
  }
}
