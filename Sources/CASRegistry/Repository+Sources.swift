import CAS
import CASPlatform
import OCI

extension Repository {
  /// Looks a digest up in the registry itself, for a copy to it.
  ///
  /// - Throws: `CASError.Code.notFound` if it has neither a blob nor a manifest, even if a mirror has.
  func storedEntry(of digest: Digest, _ context: OperationContext) throws(CASError) -> KnownContent.Entry {
    try checkOpen(context)
    if let entry = knownContent[digest], !entry.isMirrored { return entry }
    let entry = try fetchEntry(digest, from: sources.primary, context)
    knownContent.remember(digest, entry)
    return entry
  }

  /// Resolves a tag of the registry itself, for a change of it.
  func storedDescriptor(ofTag tag: String, _ context: OperationContext) throws(CASError) -> Descriptor {
    try checkOpen(context)
    return try descriptor(ofTag: tag, from: sources.primary, context)
  }

  /// Downloads a manifest by digest, and stores it in the cache.
  func fetchManifest(_ digest: Digest, _ context: OperationContext) throws(CASError) -> Descriptor {
    try sources.read(.digest(digest), context) { (source) throws(CASError) in
      try fetchManifest(digest.description, expecting: digest, from: source, context)
    }
  }

  /// Downloads a blob into the cache, from one source after the other until the content has the digest.
  func download(
    _ digest: Digest, _ entry: KnownContent.Entry, _ context: OperationContext
  ) throws(CASError) -> OpenFile? {
    var isFirst = true
    return try sources.read(.digest(digest), context) { (source) throws(CASError) in
      // The size that one source tells is not that of another, or one of them is wrong.
      var size = entry.size
      if !isFirst {
        let other = try fetchEntry(digest, from: source, context)
        knownContent.remember(digest, other)
        size = other.size
      }
      isFirst = false
      return try download(digest, size, from: source.client, context)
    }
  }
}
