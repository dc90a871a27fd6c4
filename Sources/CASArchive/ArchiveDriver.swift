public import CAS
public import CASImage
import CASPlatform
import OCI
import SystemPackage

/// The kinds of archives that a driver opens.
public enum ArchiveFormat: String, Hashable, Sendable, CaseIterable {
  /// An image layout (image-spec, `image-layout.md`).
  case imageLayout = "oci-archive"
  /// The format of `docker save` and `podman save`.
  case docker = "docker-archive"
}

/// Images in tar archives, read in place: `oci-archive:FILE` and `docker-archive:FILE`.
///
/// Archives are read-only: every change fails with EROFS, and creating one with `CASError.Code.notImplemented`. The formats
/// of `tar`, skopeo and buildah are read: ustar, pax, GNU tar and Unix V7. Sparse members are rejected.
///
/// All headers are read when the archive is opened. The time for that depends on the number of members, and not on their
/// size, unless the file is compressed by gzip or zstd: such an archive is decoded once, when it is opened for the first
/// time, and its index is kept in the cache.
public struct ArchiveDriver: Driver {
  private let format: ArchiveFormat
  private let cache: @Sendable () -> LayerCache?
  private let system: RecordSystem

  /// Creates a driver.
  ///
  /// - Parameter format: the kind of archives.
  /// - Parameter cache: called for a compressed archive, to return the cache for its index; without one the archive is
  ///   decoded each time that it is opened.
  public init(_ format: ArchiveFormat = .imageLayout, cache: @escaping @Sendable () -> LayerCache? = { nil }) {
    self.init(format, cache: cache, .current)
  }

  init(_ format: ArchiveFormat, cache: @escaping @Sendable () -> LayerCache?, _ system: RecordSystem) {
    self.format = format
    self.cache = cache
    self.system = system
  }

  /// `oci-archive` or `docker-archive`.
  public var name: String { format.rawValue }

  private var scheme: String { "\(format.rawValue):" }

  /// Whether the URI begins with the name and a colon.
  public func supports(_ uri: String) -> Bool {
    uri.utf8.starts(with: scheme.utf8)
  }

  /// Opens the archive, and reads its headers and its index.
  ///
  /// - Throws: `CASError.Code.invalid` if the URI is malformed, or the file is not a complete archive of this kind;
  ///   `CASError.Code.notFound` if the file does not exist; `CASError.Code.io(_:)` if a system call fails.
  public func open(_ uri: String, options: OpenOptions) throws(CASError) -> any Engine {
    let path = supports(uri) ? String(uri.dropFirst(scheme.count)) : ""
    var context = OperationContext("open store", on: uri)
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw CASError(.invalid, context, cause: "the URI is not \(scheme)FILE")
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
    let content = try ArchiveContent(file, status.identity, cache: cache, system, context)
    return ArchiveEngine(
      try Archive(content, format), format, uri: scheme + ((try? file.path()) ?? path), options)
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
