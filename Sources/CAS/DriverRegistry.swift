import Synchronization

/// The drivers a program knows: umoci's `cas.Register`, `cas.Open` and `cas.Create`. Safe for use by any thread.
public final class DriverRegistry: Sendable {
  private let drivers: Mutex<[any Driver]>

  /// Starts with some drivers, the first of which comes first.
  public init(_ drivers: [any Driver] = []) {
    self.drivers = Mutex(drivers)
  }

  /// Adds a driver after those there are: of two that support a URI, the one that was registered first is taken.
  public func register(_ driver: any Driver) {
    drivers.withLock { $0.append(driver) }
  }

  /// Opens the store that a URI names.
  ///
  /// - Throws: ``CASError/Code-swift.struct/notImplemented`` when no driver supports the URI; else the driver's error.
  public func open(_ uri: String, options: OpenOptions = OpenOptions()) throws(CASError) -> any Engine {
    try driver(OperationContext("open store", on: uri)).open(uri, options: options)
  }

  /// Makes an empty store that a URI names.
  ///
  /// - Throws: ``CASError/Code-swift.struct/notImplemented`` when no driver supports the URI; else the driver's error.
  public func create(_ uri: String, options: CreateOptions = CreateOptions()) throws(CASError) -> any Engine {
    try driver(OperationContext("create store", on: uri)).create(uri, options: options)
  }

  private func driver(_ context: OperationContext) throws(CASError) -> any Driver {
    let drivers = drivers.withLock { $0 }
    guard let driver = drivers.first(where: { $0.supports(context.subject) }) else {
      let names = drivers.isEmpty ? "there are none" : "there are " + drivers.map(\.name).joined(separator: ", ")
      throw CASError(.notImplemented, context, cause: "no driver supports it; \(names)")
    }
    return driver
  }
}
