import CLinux
package import SystemPackage

/// The fs-verity digest of a file: a hash over the root of a Merkle tree of its content, its length, and the parameters of
/// both. Files with the same digest have the same content.
package struct VerityDigest: Hashable, Sendable {
  /// The hash function, as `FS_VERITY_HASH_ALG_` numbers it.
  package var algorithm: UInt16
  /// The hash.
  package var bytes: [UInt8]

  /// Creates a digest from its parts.
  package init(algorithm: UInt16, bytes: [UInt8]) {
    self.algorithm = algorithm
    self.bytes = bytes
  }
}

extension OpenFile {
  /// Returns the fs-verity digest, which the kernel compares with each page that it reads: `ioctl(2)` with
  /// `FS_IOC_MEASURE_VERITY`.
  ///
  /// - Returns: `nil` for a file that is not sealed.
  /// - Throws: ENOTTY or EOPNOTSUPP if the kernel or the file system has no fs-verity; a directory can be asked too.
  package func verityDigest() throws(Errno) -> VerityDigest? {
    var algorithm: UInt16 = 0
    var bytes = [UInt8](repeating: 0, count: 64)
    do throws(Errno) {
      let count = try retrying { unsafe casfs_measure_verity(rawValue, &algorithm, &bytes) }
      return VerityDigest(algorithm: algorithm, bytes: Array(bytes.prefix(Int(count))))
    } catch {
      guard error == .noData else { throw error }
      return nil
    }
  }

  /// Seals a file that is open for reading only: the kernel lets nobody change its content from then on, and reports EIO
  /// for a page that is not as it was: `ioctl(2)` with `FS_IOC_ENABLE_VERITY`.
  ///
  /// - Throws: EEXIST if it is sealed; ETXTBSY while a process has it open for writing; EACCES if the process could not open
  ///   it for writing; ENOTTY or EOPNOTSUPP if the kernel or the file system has no fs-verity.
  package func enableVerity() throws(Errno) {
    _ = try retrying { casfs_enable_verity(rawValue) }
  }
}
