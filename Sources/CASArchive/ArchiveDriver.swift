public import CAS
import CASPlatform
import OCI
import SystemPackage

/// Image layouts in tar archives, read where they are: `oci-archive:FILE`.
///
/// What cannot be done: stores are not made (`CASError.Code.notImplemented`), and every change of one fails
/// with EROFS. The archive is looked through once, when it is opened; how long that takes depends on how many members it
/// has and not on how long they are. Archives of `tar`, skopeo and buildah are read, in the formats ustar, pax and GNU's;
/// sparse members and compressed archives are not.
public struct ArchiveDriver: Driver {
  private static let scheme = "oci-archive:"

  /// Makes a driver; all are alike.
  public init() {}

  /// `oci-archive`.
  public var name: String { "oci-archive" }

  /// Whether the URI begins with `oci-archive:`.
  public func supports(_ uri: String) -> Bool {
    uri.utf8.starts(with: Self.scheme.utf8)
  }

  /// Opens the archive, finds its members and reads its index.
  ///
  /// - Throws: `CASError.Code.invalid` with the reason when it is not a whole, plain archive of an image
  ///   layout; `CASError.Code.notFound` when there is no such file.
  public func open(_ uri: String, options: OpenOptions) throws(CASError) -> any Engine {
    let path = supports(uri) ? String(uri.dropFirst(Self.scheme.count)) : ""
    var context = OperationContext("open store", on: uri)
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw CASError(.invalid, context, cause: "the URI is not oci-archive:FILE")
    }
    context = context.on(path)
    let (file, status) = try mappingErrno(context) { () throws(Errno) in
      // A FIFO is not waited for.
      let file = try OpenFile.open(path: path, [.readOnly, .nonBlocking])
      return (file, try file.status())
    }
    guard status.kind == .regular else {
      throw CASError(.invalid, context, cause: "not a regular file")
    }
    let archive = try Archive(indexing: file, size: status.size, context)
    return ArchiveEngine(archive, uri: Self.scheme + ((try? file.path()) ?? path), options.verification)
  }

  /// Fails: an archive is made by other tools, as `tar`, of a store that is complete.
  public func create(_ uri: String, options: CreateOptions) throws(CASError) -> any Engine {
    throw CASError(
      .notImplemented, OperationContext("create store", on: uri),
      cause: "archives are read-only; copy to a directory and archive that with tar")
  }
}
