import Foundation

/// How long a test that tries random things goes on, and where it begins: `SEED=1 MINUTES=10 swift test --filter X`.
public struct StressOptions: Sendable {
  /// `SEED`, or a random one.
  public let seed: UInt64
  /// `MINUTES`, or what is enough for continuous integration.
  public let minutes: Double
  /// Whether `MINUTES` was said.
  public let isLong: Bool

  /// Reads the variables.
  ///
  /// - Parameter minutes: for how long when nothing is said.
  public init(minutes: Double) {
    let variables = ProcessInfo.processInfo.environment
    let said = variables["MINUTES"].flatMap { Double($0) }
    seed = variables["SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...1 << 32)
    self.minutes = said ?? minutes
    isLong = said != nil
  }
}
