public import CAS
import OCI
import SystemPackage

/// Image layouts in directories: `dir:PATH`, or a bare path, which is any text that does not begin with a scheme.
public struct DirectoryDriver: Driver {
  private static let scheme = "dir:"

  private let layout: DirectoryLayout
  private let links: LinkPolicy

  /// Creates a driver.
  ///
  /// - Parameter layout: the layout of the stores that this driver creates. It opens both.
  /// - Parameter followsLinks: whether blobs, references and directories of an opened store may be symbolic links, which
  ///   can lead out of it. The store is read-only then, and content is verified as ever.
  public init(creating layout: DirectoryLayout = .index, followsLinks: Bool = false) {
    self.layout = layout
    links = followsLinks ? .follow : .refuse
  }

  /// `dir`.
  public var name: String { "dir" }

  /// Whether the URI is `dir:PATH` or a bare path: text that does not begin with a scheme in lower case (RFC 3986,
  /// section 3.1) and a colon.
  public func supports(_ uri: String) -> Bool {
    Self.path(of: uri) != nil
  }

  /// Opens the store in a directory, in either layout, and validates `oci-layout`, `blobs` and the references. Nothing
  /// is written.
  ///
  /// - Throws: `CASError.Code.invalid` if the path or a part of the layout is malformed, with the name of that part;
  ///   `CASError.Code.notFound` if the directory does not exist; `CASError.Code.notImplemented` if the URI has another
  ///   scheme, or blobs are to be sealed and cannot; `CASError.Code.io(_:)` if a system call fails.
  public func open(_ uri: String, options: OpenOptions) throws(CASError) -> any Engine {
    let context = OperationContext("open store", on: uri)
    let path = try checkedPath(uri, context)
    let engine = DirectoryEngine(try OpenedLayout(opening: path, links: links, context.on(path)), options: options)
    if options.sealsBlobs { try engine.checkSealing() }
    return engine
  }

  /// Creates an empty store in a new directory, with the parent directories that are missing, and opens it.
  ///
  /// The creation is atomic and durable: a crash leaves nothing at the path, or a valid store.
  ///
  /// - Throws: `CASError.Code.clobber` if the path exists; `CASError.Code.invalid` if the path is malformed;
  ///   `CASError.Code.notImplemented` if the URI has another scheme; `CASError.Code.io(_:)` if a system call fails.
  public func create(_ uri: String, options: CreateOptions) throws(CASError) -> any Engine {
    let context = OperationContext("create store", on: uri)
    let path = try checkedPath(uri, context)
    try StoreCreation.create(path, layout, context.on(path))
    return try open(uri, options: options.open)
  }

  private func checkedPath(_ uri: String, _ context: OperationContext) throws(CASError) -> String {
    guard let path = Self.path(of: uri) else {
      throw CASError(.notImplemented, context, cause: "not a path or dir:PATH")
    }
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw CASError(.invalid, context, cause: "empty path, or NUL byte in the path")
    }
    return path
  }

  /// The path in a URI; `nil` if the URI has another scheme or is empty.
  private static func path(of uri: String) -> String? {
    if uri.utf8.starts(with: scheme.utf8) { return String(uri.dropFirst(scheme.count)) }
    let bytes = uri.utf8
    guard let first = bytes.first else { return nil }
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return uri }
    let isScheme =
      isLetter(first)
      && bytes[..<colon].allSatisfy {
        isLetter($0) || $0.isDigit || "+.-".utf8.contains($0)
      }
    return isScheme ? nil : uri
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte
  }
}
