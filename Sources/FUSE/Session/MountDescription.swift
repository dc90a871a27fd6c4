public import CAS

/// The part of a mount's status that does not change while it lives.
public struct MountDescription: Sendable {
  /// The version of the program that serves the mount.
  public var version: String
  /// The store's URI.
  public var store: String
  /// The name of the driver that opened the store.
  public var driver: String
  /// The process that serves the mount.
  public var process: Int32
  /// The process that keeps the mount when that one dies; `nil` if there is none.
  public var keeper: Int32?
  /// Why the mount has no keeper; `nil` if it has one.
  public var keeperObstacle: String?
  /// Why requests that a dead server had read are not sent to the next one; `nil` if they are, or there is no keeper.
  public var resendingObstacle: String?
  /// How many processes have served the mount before.
  public var restarts = 0
  /// How often a server has replaced its program.
  public var reloads = 0
  /// Whether nothing can be changed through the mount.
  public var isReadOnly: Bool
  /// When blobs are verified.
  public var verification: Verification

  /// Makes a description of its parts.
  public init(
    version: String, store: String, driver: String, process: Int32, isReadOnly: Bool, verification: Verification
  ) {
    self.version = version
    self.store = store
    self.driver = driver
    self.process = process
    self.isReadOnly = isReadOnly
    self.verification = verification
  }
}
