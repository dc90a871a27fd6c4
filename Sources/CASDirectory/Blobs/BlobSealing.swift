package import CAS
import CASPlatform
import Logging
package import OCI
import SystemPackage

/// Blobs that the kernel protects: fs-verity.
extension DirectoryEngine {
  package func checkSealing() throws(CASError) {
    try store(OperationContext("seal blobs", on: uri)).checkSealing()
  }

  package func sealBlob(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> Bool {
    let context = OperationContext("seal blob", on: digest, cancellation: cancellation)
    return try writableStore(context).seal(digest, isVerified: false, context)
  }
}

extension DirectoryStore {
  private static let absence = "the file system has no fs-verity"

  func checkSealing() throws(CASError) {
    let context = OperationContext("seal blobs", on: path)
    do throws(Errno) {
      _ = try root.verityDigest()
    } catch {
      throw sealingError(error, context)
    }
  }

  /// Seals a blob that was just published. Without it the blob is as good as others, so a failure is only logged.
  func sealPublished(_ digest: Digest) {
    do throws(CASError) {
      _ = try seal(digest, isVerified: true, OperationContext("seal blob", on: digest))
    } catch {
      Logger(label: "casfs").warning("\(error)")
    }
  }

  /// - Parameter isVerified: whether this process has hashed the content.
  /// - Returns: whether it was not sealed before.
  func seal(_ digest: Digest, isVerified: Bool, _ context: OperationContext) throws(CASError) -> Bool {
    guard let (file, status) = try blobs.open(digest, context) else { throw .notFound(context) }
    do throws(Errno) {
      if try file.verityDigest() != nil { return false }
    } catch {
      throw sealingError(error, context)
    }
    // Nothing is recorded here: the file could change between the hash and the seal. The next reading hashes what is sealed.
    if !isVerified { _ = try ContentCheck(file: file, digest: digest, context).run(status.identity) }
    do throws(Errno) {
      try file.enableVerityAsOwner(status.permissions)
      return true
    } catch {
      if error == .fileExists { return false }
      throw sealingError(error, context)
    }
  }

  private func sealingError(_ error: Errno, _ context: OperationContext) -> CASError {
    let isAbsent = error == .notSupportedOnSocket || error == .inappropriateIOCTLForDevice
    return isAbsent ? CASError(.notImplemented, context, cause: Self.absence) : CASError(error, context)
  }
}

extension OpenFile {
  /// Seals the file. The owner needs the permission to write for that, which blobs do not give.
  ///
  /// - Parameter permissions: those of the file.
  fileprivate func enableVerityAsOwner(_ permissions: UInt32) throws(Errno) {
    do throws(Errno) {
      try enableVerity()
    } catch {
      guard error == .permissionDenied else { throw error }
      try setSupportedPermissions(permissions | 0o200)
      defer { try? setSupportedPermissions(permissions) }
      try enableVerity()
    }
  }
}
