public import CAS
import Synchronization

/// Stores in the memory of this process, which end with it.
///
/// `mem:` creates a new store each time, which cannot be opened again. `mem:NAME` is one store for the whole process,
/// shared by all drivers; it stays when its engines are closed.
public struct MemoryDriver: Driver {
  private static let scheme = "mem:"
  /// The named stores by the bytes of their URIs: equal strings of Unicode can differ in bytes.
  private static let stores = Mutex<[[UInt8]: MemoryStore]>([:])

  /// `mem`.
  public let name = "mem"

  /// Creates a driver.
  public init() {}

  /// Whether the URI begins with `mem:`.
  public func supports(_ uri: String) -> Bool {
    uri.utf8.starts(with: Self.scheme.utf8)
  }

  /// Opens a store that was created under the same name.
  ///
  /// - Throws: `CASError.Code.notFound` if there is no such store, and always for `mem:` without a name;
  ///   `CASError.Code.invalid` if the URI has another scheme.
  public func open(_ uri: String, options: OpenOptions) throws(CASError) -> any Engine {
    let context = OperationContext("open store", on: uri)
    try validate(uri, context)
    guard let store = Self.stores.withLock({ $0[Array(uri.utf8)] }) else { throw .notFound(context) }
    return MemoryEngine(store, uri: uri, isWritable: !options.isReadOnly)
  }

  /// Creates an empty store and opens it.
  ///
  /// - Throws: `CASError.Code.clobber` if the name is taken; `CASError.Code.invalid` if the URI has another scheme.
  public func create(_ uri: String, options: CreateOptions) throws(CASError) -> any Engine {
    let context = OperationContext("create store", on: uri)
    try validate(uri, context)
    let store = MemoryStore()
    if uri.utf8.count > Self.scheme.utf8.count {
      try Self.stores.withLock { (stores) throws(CASError) in
        guard stores[Array(uri.utf8)] == nil else {
          throw CASError(.clobber, context, cause: "the store already exists")
        }
        stores[Array(uri.utf8)] = store
      }
    }
    return MemoryEngine(store, uri: uri, isWritable: !options.open.isReadOnly)
  }

  private func validate(_ uri: String, _ context: OperationContext) throws(CASError) {
    guard supports(uri) else {
      throw CASError(.invalid, context, cause: "the URI is not mem: or mem:NAME")
    }
  }
}
