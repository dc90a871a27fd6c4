import Synchronization

/// A flag by which a caller stops a long operation.
///
/// Operations test it for each chunk that they move and every 20 milliseconds that they wait. A cancelled one undoes what
/// it began and throws ``CASError/Code-swift.struct/cancelled``. Copies of a token share its state.
public struct CancellationToken: Sendable {
  private final class Flag: Sendable {
    let isSet = Atomic(false)
    let check: (@Sendable () -> Bool)?

    init(_ check: (@Sendable () -> Bool)?) {
      self.check = check
    }
  }

  private let flag: Flag?

  /// A token that is never cancelled.
  public static let none = CancellationToken(flag: nil)

  /// Creates a token that ``cancel()`` cancels.
  public init() {
    self.init(flag: Flag(nil))
  }

  /// Creates a token that is cancelled by ``cancel()`` or while `check` returns `true`.
  ///
  /// - Parameter check: called on the thread that tests the token, each time; it must not block.
  public init(when check: @escaping @Sendable () -> Bool) {
    self.init(flag: Flag(check))
  }

  private init(flag: Flag?) {
    self.flag = flag
  }

  /// Cancels the operations that have this token. Later calls have no effect.
  public func cancel() {
    flag?.isSet.store(true, ordering: .releasing)
  }

  /// Whether ``cancel()`` was called, or the token's check returns `true`.
  public var isCancelled: Bool {
    guard let flag else { return false }
    return flag.isSet.load(ordering: .acquiring) || flag.check?() == true
  }
}
