import Synchronization

/// The drivers of a program, which it selects by URI: umoci's `cas.Register`, `cas.Open` and `cas.Create`.
///
/// Any number of threads may use it concurrently.
public final class DriverRegistry: Sendable {
  private let drivers: Mutex<[any Driver]>

  /// Creates a registry of drivers. The first that supports a URI is used.
  public init(_ drivers: [any Driver] = []) {
    self.drivers = Mutex(drivers)
  }

  /// Adds a driver. If two drivers support a URI, the one that was registered first is used.
  public func register(_ driver: any Driver) {
    drivers.withLock { $0.append(driver) }
  }

  /// Opens the store with a URI.
  ///
  /// - Throws: ``CASError/Code-swift.struct/notImplemented`` if no driver supports the URI; errors of the driver.
  public func open(_ uri: String, options: OpenOptions = OpenOptions()) throws(CASError) -> any Engine {
    try driver(OperationContext("open store", on: uri)).open(uri, options: options)
  }

  /// Creates an empty store with a URI, and opens it.
  ///
  /// - Throws: ``CASError/Code-swift.struct/notImplemented`` if no driver supports the URI; errors of the driver.
  public func create(_ uri: String, options: CreateOptions = CreateOptions()) throws(CASError) -> any Engine {
    try driver(OperationContext("create store", on: uri)).create(uri, options: options)
  }

  private func driver(_ context: OperationContext) throws(CASError) -> any Driver {
    let drivers = drivers.withLock { $0 }
    guard let driver = drivers.first(where: { $0.supports(context.subject) }) else {
      let names = drivers.isEmpty ? "none" : drivers.map(\.name).joined(separator: ", ")
      throw CASError(.notImplemented, context, cause: "no driver supports the URI; drivers: \(names)")
    }
    return driver
  }
}
