import Synchronization

/// A counter that threads share.
public final class AtomicCounter: Sendable {
  private let value = Atomic(0)

  /// Creates a counter at zero.
  public init() {}

  /// The count.
  public var count: Int { value.load(ordering: .acquiring) }

  /// Adds one.
  public func add() { value.add(1, ordering: .acquiringAndReleasing) }
}
