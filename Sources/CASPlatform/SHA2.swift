import Crypto

/// A hash of the SHA-2 family that takes its input piece by piece (FIPS 180-4), by swift-crypto.
public struct SHA2: Sendable {
  private enum State: Sendable {
    case sha256(SHA256)
    case sha512(SHA512)
  }

  private var state: State

  /// Starts SHA-256, whose result has 32 bytes.
  public static func sha256() -> SHA2 { SHA2(state: .sha256(SHA256())) }

  /// Starts SHA-512, whose result has 64 bytes.
  public static func sha512() -> SHA2 { SHA2(state: .sha512(SHA512())) }

  private init(state: State) {
    self.state = state
  }

  /// Adds bytes to what is hashed.
  public mutating func update(_ bytes: Span<UInt8>) {
    switch state {
    case .sha256(var function):
      unsafe bytes.withUnsafeBytes { unsafe function.update(bufferPointer: $0) }
      state = .sha256(function)
    case .sha512(var function):
      unsafe bytes.withUnsafeBytes { unsafe function.update(bufferPointer: $0) }
      state = .sha512(function)
    }
  }

  /// The hash of everything added so far; more can be added afterwards.
  public func result() -> [UInt8] {
    switch state {
    case .sha256(let function): Array(function.finalize())
    case .sha512(let function): Array(function.finalize())
    }
  }
}
