public import CAS
import Synchronization

/// Makes and opens stores that live in this process's memory and end with it.
///
/// `mem:` alone makes a new store each time, which nobody else can open. `mem:NAME` is one store for the whole
/// process, whatever driver object it is asked of; it stays when its engines are closed.
public struct MemoryDriver: Driver {
  private static let scheme = "mem:"
  /// By the bytes of the URI.
  private static let stores = Mutex<[[UInt8]: MemoryStore]>([:])

  /// The driver's name, `mem`.
  public let name = "mem"

  /// Makes a driver; all are alike.
  public init() {}

  /// Whether the URI begins with `mem:`.
  public func supports(_ uri: String) -> Bool {
    uri.utf8.starts(with: Self.scheme.utf8)
  }

  /// Opens the store of that name.
  ///
  /// - Throws: `CASError.Code.notFound` when nobody made it, as for `mem:` alone always.
  public func open(_ uri: String, options: OpenOptions) throws(CASError) -> any Engine {
    let context = OperationContext("open store", on: uri)
    try validate(uri, context)
    guard let store = Self.stores.withLock({ $0[Array(uri.utf8)] }) else { throw .notFound(context) }
    return MemoryEngine(store, uri: uri, isWritable: !options.isReadOnly)
  }

  /// Makes an empty store and opens it. There is one layout only, so the one asked for does not matter.
  ///
  /// - Throws: `CASError.Code.clobber` when there is one of that name.
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
