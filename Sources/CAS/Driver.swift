/// Opens and makes stores of one kind: umoci's `cas.Driver`.
public protocol Driver: Sendable {
  /// A short name, as in `dir`.
  var name: String { get }

  /// Whether the URI is of this driver's kind. It recognises and does not validate: the store may be absent or broken.
  func supports(_ uri: String) -> Bool

  /// Opens a store that is there.
  func open(_ uri: String, options: OpenOptions) throws(CASError) -> any Engine

  /// Makes an empty store where there is none, and opens it.
  func create(_ uri: String, options: CreateOptions) throws(CASError) -> any Engine
}

/// How a store is opened, whatever its kind. What only one driver knows is an argument of that driver's initializer.
public struct OpenOptions: Hashable, Sendable {
  /// When content is hashed before it is served.
  public var verification: Verification
  /// Whether every change fails with EROFS.
  public var isReadOnly: Bool

  /// Makes options; the defaults open for reading and writing, and verify each stored copy once.
  public init(verification: Verification = .once, isReadOnly: Bool = false) {
    self.verification = verification
    self.isReadOnly = isReadOnly
  }
}

/// How a store is created.
public struct CreateOptions: Hashable, Sendable {
  /// How the new store is opened.
  public var open: OpenOptions

  /// Makes options.
  public init(open: OpenOptions = OpenOptions()) {
    self.open = open
  }
}
