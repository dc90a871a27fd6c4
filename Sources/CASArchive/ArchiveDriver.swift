public import CAS
import CASPlatform
import OCI
import SystemPackage

/// Image layouts in tar archives, read in place: `oci-archive:FILE`.
///
/// Archives are read-only: every change fails with EROFS, and creating one with `CASError.Code.notImplemented`. All
/// headers are read when the archive is opened, so the time for that depends on the number of members and not on their
/// size. The formats of `tar`, skopeo and buildah are read: ustar, pax, GNU tar and Unix V7. Compressed archives and
/// sparse members are rejected.
public struct ArchiveDriver: Driver {
  private static let scheme = "oci-archive:"

  /// Creates a driver.
  public init() {}

  /// `oci-archive`.
  public var name: String { "oci-archive" }

  /// Whether the URI begins with `oci-archive:`.
  public func supports(_ uri: String) -> Bool {
    uri.utf8.starts(with: Self.scheme.utf8)
  }

  /// Opens the archive, and reads its headers and its index.
  ///
  /// - Throws: `CASError.Code.invalid` if the URI is malformed, or the file is not a complete, uncompressed archive of
  ///   an image layout; `CASError.Code.notFound` if the file does not exist; `CASError.Code.io(_:)` if a system call
  ///   fails.
  public func open(_ uri: String, options: OpenOptions) throws(CASError) -> any Engine {
    let path = supports(uri) ? String(uri.dropFirst(Self.scheme.count)) : ""
    var context = OperationContext("open store", on: uri)
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw CASError(.invalid, context, cause: "the URI is not oci-archive:FILE")
    }
    context = context.on(path)
    let (file, status) = try mappingErrno(context) { () throws(Errno) in
      // Opening a FIFO would otherwise wait for a writer.
      let file = try OpenFile.open(path: path, [.readOnly, .nonBlocking])
      return (file, try file.status())
    }
    guard status.kind == .regular else {
      throw CASError(.invalid, context, cause: "not a regular file")
    }
    let archive = try Archive(indexing: file, size: status.size, context)
    return ArchiveEngine(archive, uri: Self.scheme + ((try? file.path()) ?? path), options)
  }

  /// Fails: an archive is made with `tar` of a complete store.
  ///
  /// - Throws: `CASError.Code.notImplemented`.
  public func create(_ uri: String, options: CreateOptions) throws(CASError) -> any Engine {
    throw CASError(
      .notImplemented, OperationContext("create store", on: uri),
      cause: "archives are read-only; copy to a directory and archive that with tar")
  }
}
