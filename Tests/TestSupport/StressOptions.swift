import Foundation

/// The duration and seed of a random test: `SEED=1 MINUTES=10 swift test --filter X`.
public struct StressOptions: Sendable {
  /// `SEED`, or a random number.
  public let seed: UInt64
  /// `MINUTES`, or the default.
  public let minutes: Double
  /// Whether `MINUTES` is set.
  public let isLong: Bool

  /// Reads the variables.
  ///
  /// - Parameter minutes: the default duration.
  public init(minutes: Double) {
    let variables = ProcessInfo.processInfo.environment
    let said = variables["MINUTES"].flatMap { Double($0) }
    seed = variables["SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...1 << 32)
    self.minutes = said ?? minutes
    isLong = said != nil
  }
}
