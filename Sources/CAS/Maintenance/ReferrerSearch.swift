import OCI

/// A search for what refers to the manifests of an image: manifests by their `subject`, and Cosign's tags, which have the
/// digest of the manifest in their names.
struct ReferrerSearch {
  private static let tagSuffixes = ["sig", "att", "sbom"]

  private let engine: any Engine
  private let cancellation: CancellationToken
  /// `nil` for a store that lists referrers itself.
  private let scan: ReferrerScan?

  init(_ engine: any Engine, _ cancellation: CancellationToken) throws(CASError) {
    self.engine = engine
    self.cancellation = cancellation
    scan = engine is any ReferrerListing ? nil : try ReferrerScan(engine, cancellation)
  }

  /// - Parameter scan: `nil` for a store that lists referrers itself.
  init(_ engine: any Engine, _ scan: ReferrerScan?, _ cancellation: CancellationToken) {
    self.engine = engine
    self.scan = scan
    self.cancellation = cancellation
  }

  /// The manifests with a subject.
  func referrers(of subject: Digest) throws(CASError) -> [Descriptor] {
    if let scan { return scan.referrers(of: subject) }
    return try engine.referrers(of: subject, cancellation: cancellation)
  }

  /// The tags `sha256-HEX.sig`, `.att` and `.sbom` of a manifest.
  func tags(of subject: Digest) throws(CASError) -> [Reference] {
    var found: [Reference] = []
    for suffix in Self.tagSuffixes {
      guard let name = try? ReferenceName("\(subject.algorithm.rawValue)-\(subject.hex).\(suffix)") else { continue }
      guard let descriptor = try ifFound(try engine.reference(named: name)) else { continue }
      found.append(Reference(name: name, descriptor: descriptor))
    }
    return found
  }
}
