package import CASPlatform
import OCI

/// Stored copies whose content was verified, in bounded memory. A copy that was dropped is hashed again.
package struct VerifiedCopies {
  /// One verified copy.
  package struct Copy {
    package var identity: FileIdentity
    /// Whether this process synchronised the copy, so that it survives a power cut.
    package var isDurable: Bool
  }

  private var copies = GenerationalMap<Digest, Copy>(generationSize: 1 << 16)

  /// The verified copy of a digest; valid only while the file still has its identity.
  subscript(digest: Digest) -> Copy? { copies[digest] }

  mutating func remember(_ digest: Digest, _ copy: Copy) {
    let isDurable = copy.isDurable || self[digest].map { $0.isDurable && $0.identity == copy.identity } == true
    copies.insert(Copy(identity: copy.identity, isDurable: isDurable), for: digest)
  }

  mutating func forget(_ digest: Digest) {
    copies.remove(digest)
  }
}
