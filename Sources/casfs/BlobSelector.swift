import CAS
import OCI

/// A blob argument: a digest, or the name of a reference.
enum BlobSelector {
  case digest(Digest)
  case reference(ReferenceName)

  /// Parses an argument that begins like a digest as one, so that a mistyped digest is not looked up as a name.
  static func parse(_ argument: String) throws -> BlobSelector {
    let algorithms = Digest.Algorithm.allCases
    if algorithms.contains(where: { argument.utf8.starts(with: "\($0.rawValue):".utf8) }) {
      return .digest(try Digest(argument))
    }
    return .reference(try ReferenceName(reading: argument))
  }

  /// Opens the content: a stored blob, or for a reference also the content that its descriptor embeds.
  func content(in engine: any Engine) throws(CASError) -> any BlobReader {
    switch self {
    case .digest(let digest): try engine.openBlob(digest)
    case .reference(let name): try engine.openContent(of: engine.reference(named: name))
    }
  }

  /// Returns the digest, or that of the reference's descriptor.
  func digest(in engine: any Engine) throws(CASError) -> Digest {
    switch self {
    case .digest(let digest): digest
    case .reference(let name): try engine.knownReference(named: name).digest
    }
  }
}
