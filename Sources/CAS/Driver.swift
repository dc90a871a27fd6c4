/// A driver opens and creates the stores of one kind: umoci's `cas.Driver`.
public protocol Driver: Sendable {
  /// A short name, as in `dir`.
  var name: String { get }

  /// Whether the URI is of this driver's kind, by its text: the store may be absent or invalid.
  func supports(_ uri: String) -> Bool

  /// Opens an existing store.
  ///
  /// - Throws: ``CASError/Code-swift.struct/notFound`` if it does not exist; ``CASError/Code-swift.struct/invalid`` if it
  ///   is not a store of this kind.
  func open(_ uri: String, options: OpenOptions) throws(CASError) -> any Engine

  /// Creates an empty store, and opens it.
  ///
  /// - Throws: ``CASError/Code-swift.struct/notImplemented`` if stores of this kind cannot be created; an error if
  ///   something exists in its place.
  func create(_ uri: String, options: CreateOptions) throws(CASError) -> any Engine
}

/// The options for opening a store of any kind. Options of one driver are arguments of that driver's initializer.
public struct OpenOptions: Hashable, Sendable {
  /// When content is hashed before it is returned.
  public var verification: Verification
  /// Whether every change fails with EROFS.
  public var isReadOnly: Bool
  /// The path of the file that ``Verification/remember`` keeps its record in, which must belong to this user; without one
  /// it is as ``Verification/once``. With the other settings it is only used to remove states whose content was found to
  /// be damaged.
  public var recordPath: String?
  /// Whether blobs that are put are sealed: ``BlobSealing``.
  public var sealsBlobs: Bool

  /// Creates options. By default a store is opened for reading and writing, and verifies each stored copy once.
  public init(
    verification: Verification = .once, isReadOnly: Bool = false, recordPath: String? = nil, sealsBlobs: Bool = false
  ) {
    self.verification = verification
    self.isReadOnly = isReadOnly
    self.recordPath = recordPath
    self.sealsBlobs = sealsBlobs
  }
}

/// The options for creating a store.
public struct CreateOptions: Hashable, Sendable {
  /// The options for opening the new store.
  public var open: OpenOptions

  /// Creates options.
  public init(open: OpenOptions = OpenOptions()) {
    self.open = open
  }
}

/// When stored content is hashed, before its first byte is returned.
public enum Verification: String, Hashable, Sendable, CaseIterable {
  /// Once for each state of the stored copy.
  case once
  /// Once for each state of the stored copy, also by an earlier process: see ``OpenOptions/recordPath``.
  case remember
  /// Each time the blob is opened.
  case always
  /// Never: the store is trusted.
  case never = "none"
}
