import CASPlatform

/// The sizes of the pieces in which blobs are uploaded to a registry that refuses long requests by 413, or a proxy
/// before it does.
final class PieceLimit: Sendable {
  /// Sizes to try, in bytes: proxies have limits of 1 MiB (nginx by default), of 10 and of 100 MB.
  private static let sizes: [Int64] = [64 << 20, 8 << 20, 1 << 20, 256 << 10]

  /// The length of the shortest request that was refused, in bytes.
  private let refused = Monitor<Int64>(.max)

  func recordRefusal(ofLength length: Int64) {
    refused.withLock(notifying: .none) { $0 = min($0, length) }
  }

  /// The size of the pieces for a blob of this length; the length itself if it can be sent in one piece, and `nil` if
  /// the registry refuses every size.
  ///
  /// - Parameter minimum: the shortest piece that the registry takes.
  func size(for length: Int64, minimum: Int64) -> Int64? {
    let refused = refused.withLock(notifying: .none) { $0 }
    if length < refused { return length }
    guard let size = Self.sizes.first(where: { $0 < refused }), max(size, minimum) < refused else { return nil }
    return max(size, minimum)
  }
}
