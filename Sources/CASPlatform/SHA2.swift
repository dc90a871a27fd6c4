import Crypto

/// An incremental hash of the SHA-2 family (FIPS 180-4), by swift-crypto.
package struct SHA2: Sendable {
  private enum State: Sendable {
    case sha256(SHA256)
    case sha512(SHA512)
  }

  private var state: State

  /// Creates a SHA-256, with a result of 32 bytes.
  package static func sha256() -> SHA2 { SHA2(state: .sha256(SHA256())) }

  /// Creates a SHA-512, with a result of 64 bytes.
  package static func sha512() -> SHA2 { SHA2(state: .sha512(SHA512())) }

  private init(state: State) {
    self.state = state
  }

  /// Adds the next bytes.
  package mutating func update(_ bytes: Span<UInt8>) {
    switch state {
    case .sha256(var function):
      unsafe bytes.withUnsafeBytes { unsafe function.update(bufferPointer: $0) }
      state = .sha256(function)
    case .sha512(var function):
      unsafe bytes.withUnsafeBytes { unsafe function.update(bufferPointer: $0) }
      state = .sha512(function)
    }
  }

  /// Returns the hash of everything that was added; more can be added afterwards.
  package func result() -> [UInt8] {
    switch state {
    case .sha256(let function): Array(function.finalize())
    case .sha512(let function): Array(function.finalize())
    }
  }
}
