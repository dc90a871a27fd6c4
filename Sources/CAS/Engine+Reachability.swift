public import OCI

extension Engine {
  /// Every digest that the index reaches: its entries, named or not, and what their manifests and indexes refer to,
  /// OCI's and Docker's, `subject` included.
  ///
  /// Content that is not stored, and content of other types, refers to nothing.
  ///
  /// - Throws: what is wrong with a manifest that is stored and cannot be read: what it refers to is not known then.
  public func reachableDigests(cancellation: CancellationToken = .none) throws(CASError) -> Set<Digest> {
    var reached: Set<Digest> = []
    var waiting: [Descriptor] = []
    for entry in try index().entries {
      do throws(InvalidValue) {
        waiting.append(try entry.descriptor.get())
      } catch {
        throw .invalid("walk the index", entry.name?.description ?? "an entry", error)
      }
    }
    var read: Set<Digest> = []
    while let descriptor = waiting.popLast() {
      try cancellation.check("walk the index", descriptor.digest.description)
      reached.insert(descriptor.digest)
      // One digest may be described twice, first as something else.
      if Manifest.kind(of: descriptor.mediaType) != nil || descriptor.size <= Manifest.maximumSize,
        read.insert(descriptor.digest).inserted
      {
        waiting += try children(of: descriptor, cancellation)
      }
    }
    return reached
  }

  private func children(
    of descriptor: Descriptor, _ cancellation: CancellationToken
  ) throws(CASError) -> [Descriptor] {
    let isManifest = Manifest.kind(of: descriptor.mediaType) != nil
    let content: [UInt8]
    do throws(CASError) {
      // A layer by its type is not read to see whether it is a manifest after all.
      guard isManifest || Self.mayBeManifest(descriptor.mediaType) else { return [] }
      content = try blobContents(descriptor.digest, limit: Manifest.maximumSize, cancellation: cancellation)
    } catch {
      if error.code == .notFound || !isManifest && error.code == .invalid { return [] }
      throw error
    }
    do throws(InvalidValue) {
      return try Manifest(parsing: content, mediaType: descriptor.mediaType).children
    } catch {
      if !isManifest { return [] }
      throw .invalid("walk the index", descriptor.digest.description, error)
    }
  }

  private static func mayBeManifest(_ mediaType: String) -> Bool {
    mediaType == MediaType.octetStream || mediaType.hasSuffix("json")
  }
}
