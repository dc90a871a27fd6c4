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

/// How a store is opened.
public struct OpenOptions: Hashable, Sendable {
  /// When content is hashed before it is served.
  public var verification: Verification
  /// Whether nothing may be put or deleted.
  public var isReadOnly: Bool
  /// Whether a store that the first put makes must be there already. Others must be in any case.
  public var mustExist: Bool
  /// How many bytes of a store on another machine may be kept on this one, about; `nil` leaves that to the driver.
  public var cacheSize: Int64?

  /// Opens for reading and writing, and verifies once, unless told otherwise.
  public init(verification: Verification = .once, isReadOnly: Bool = false, mustExist: Bool = false) {
    self.verification = verification
    self.isReadOnly = isReadOnly
    self.mustExist = mustExist
  }
}

/// How a store is made.
public struct CreateOptions: Hashable, Sendable {
  /// How references are kept in a directory.
  public enum Layout: String, Hashable, Sendable, CaseIterable {
    /// As entries of `index.json` (image-spec 1.0 and later).
    case index
    /// As files below `refs` (before image-spec 1.0).
    case refs
  }

  /// The layout, for drivers that have a choice.
  public var layout: Layout
  /// How the new store is opened.
  public var open: OpenOptions

  /// Makes the layout that tools of today read, unless told otherwise.
  public init(layout: Layout = .index, open: OpenOptions = OpenOptions()) {
    self.layout = layout
    self.open = open
  }
}
