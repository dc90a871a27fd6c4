package import CASPlatform
import OCI

/// Which stored copies are known to be what their digests say, in bounded memory.
package struct VerifiedCopies {
  /// One known copy.
  package struct Copy {
    package var identity: FileIdentity
    /// Whether this process saw to it that the copy survives a power cut.
    package var isDurable: Bool
  }

  /// When this many are recent they become the old ones, and the old ones are forgotten: those are hashed again.
  private static let generationSize = 1 << 16

  private var recent: [Digest: Copy] = [:]
  private var old: [Digest: Copy] = [:]

  /// The copy that is known of a digest; it counts only while the file still has its identity.
  subscript(digest: Digest) -> Copy? {
    recent[digest] ?? old[digest]
  }

  mutating func remember(_ digest: Digest, _ copy: Copy) {
    if recent.count >= Self.generationSize {
      old = recent
      recent = [:]
    }
    let isDurable = copy.isDurable || self[digest].map { $0.isDurable && $0.identity == copy.identity } == true
    recent[digest] = Copy(identity: copy.identity, isDurable: isDurable)
  }

  mutating func forget(_ digest: Digest) {
    recent[digest] = nil
    old[digest] = nil
  }
}
