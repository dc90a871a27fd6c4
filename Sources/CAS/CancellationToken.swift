import Synchronization

/// Tells an operation that takes long to stop.
///
/// Operations look at it for each chunk they move and each time they wait; they then undo what they began and fail
/// with ``CASError/Code-swift.struct/cancelled``. Copies share the one state.
public struct CancellationToken: Sendable {
  private final class Flag: Sendable {
    let isSet = Atomic(false)
    let check: (@Sendable () -> Bool)?

    init(_ check: (@Sendable () -> Bool)?) {
      self.check = check
    }
  }

  private let flag: Flag?

  /// A token nobody can cancel.
  public static let none = CancellationToken(flag: nil)

  /// Makes a token that can be cancelled.
  public init() {
    self.init(flag: Flag(nil))
  }

  /// Makes a token that is cancelled also when `check` says so; it is asked by whoever looks at the token.
  public init(when check: @escaping @Sendable () -> Bool) {
    self.init(flag: Flag(check))
  }

  private init(flag: Flag?) {
    self.flag = flag
  }

  /// Asks for the operations that have this token to stop; more than once is once.
  public func cancel() {
    flag?.isSet.store(true, ordering: .releasing)
  }

  /// Whether ``cancel()`` was called.
  public var isCancelled: Bool {
    guard let flag else { return false }
    return flag.isSet.load(ordering: .acquiring) || flag.check?() == true
  }
}
