/// A stamp: the annotation of a served index that says which version it is.
///
/// Every tool writes the annotations of an index back that it read, so the version that a written index is based on is
/// known. The stamp never reaches the store.
public struct IndexStamp: Hashable, Sendable {
  /// The annotation's key.
  public static let key = "io.casfs.index"

  /// The source of the version: a mount.
  public let source: UInt64
  /// The number of the version.
  public let version: UInt64

  /// Creates a stamp from its parts.
  public init(source: UInt64, version: UInt64) {
    self.source = source
    self.version = version
  }

  /// Reads the value of the annotation; `nil` if it is malformed.
  public init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, let source = UInt64(parts[0], radix: 16), let version = UInt64(parts[1]) else { return nil }
    self.init(source: source, version: version)
    guard self.text.sameBytes(as: text) else { return nil }
  }

  /// The value of the annotation.
  public var text: String { "\(String(source, radix: 16)).\(version)" }
}
