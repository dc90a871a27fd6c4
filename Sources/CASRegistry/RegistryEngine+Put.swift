import CAS
import CASPlatform
import OCI
import SystemPackage

extension RegistryEngine {
  /// The deepest nesting of indexes that is pushed.
  private static let maximumIndexDepth = 8

  /// The descriptor's media type, digest and size: a registry keeps nothing else.
  func storable(_ descriptor: Descriptor) -> Descriptor {
    Descriptor(mediaType: descriptor.mediaType, digest: descriptor.digest, size: descriptor.size)
  }

  func putReference(
    _ descriptor: Descriptor, named name: ReferenceName, replacing: Bool, cancellation: CancellationToken
  ) throws(CASError) {
    let context = OperationContext("put reference", on: name, cancellation: cancellation)
    try checkWritable(context)
    try checkTag(name, context)
    guard descriptor.digest.algorithm == .sha256 else {
      throw CASError(
        .notImplemented, context,
        cause: "\(repository.address.repositoryName): digest algorithm not supported for tags: "
          + descriptor.digest.algorithm.rawValue)
    }
    try withTagsLocked(context) { () throws(CASError) in
      try put(storable(descriptor), as: name, replacing: replacing, context)
    }
  }

  func checkNewReference(named name: ReferenceName) throws(CASError) {
    try checkTag(name, OperationContext("put reference", on: name))
  }

  func deleteReference(named name: ReferenceName, cancellation: CancellationToken) throws(CASError) {
    let context = OperationContext("delete reference", on: name, cancellation: cancellation)
    try checkWritable(context)
    guard RegistryAddress.isTag(name.description) else { return }
    try withTagsLocked(context) { () throws(CASError) in
      // An absent tag is success even on a registry that cannot delete tags.
      if try isAbsent(name, context) { return }
      try repository.client.deleteTag(name.description, context)
      repository.sources.didWrite(tag: name.description)
    }
  }

  /// Whether the registry has no such tag. One that it refuses to show is there.
  private func isAbsent(_ name: ReferenceName, _ context: OperationContext) throws(CASError) -> Bool {
    do throws(CASError) {
      return try repository.client.findManifest(name.description, context) == nil
    } catch {
      guard error.isRefusal else { throw error }
      return false
    }
  }

  /// Puts the new tag and then deletes the old one. Other clients may see both for a moment.
  func moveReference(
    named name: ReferenceName, to other: ReferenceName, replacing: Bool, cancellation: CancellationToken
  ) throws(CASError) {
    let context = OperationContext("move reference", on: name, cancellation: cancellation)
    try checkWritable(context)
    guard RegistryAddress.isTag(name.description) else { throw .notFound(context) }
    try checkTag(other, context)
    try withTagsLocked(context) { () throws(CASError) in
      let descriptor = try repository.storedDescriptor(ofTag: name.description, context)
      guard try canDeleteTags(context) else {
        throw CASError(
          .notImplemented, context,
          cause: "\(repository.address.repositoryName): registry cannot delete tags")
      }
      if !replacing, try existingDescriptor(of: other, context) != nil { throw .clobber(context.on(other)) }
      if name == other { return }
      try put(descriptor, as: other, replacing: true, context)
      try repository.client.deleteTag(name.description, context)
      repository.sources.didWrite(tag: name.description)
    }
  }

  private func canDeleteTags(_ context: OperationContext) throws(CASError) -> Bool {
    if let known = supportsTagDeletion.withLock({ $0 }) { return known }
    let found = try repository.client.canDeleteTags(context)
    supportsTagDeletion.withLock { $0 = found }
    return found
  }

  private func checkTag(_ name: ReferenceName, _ context: OperationContext) throws(CASError) {
    guard RegistryAddress.isTag(name.description) else {
      throw CASError(
        .invalid, context,
        cause: "invalid tag, not 1 to 128 letters, digits, _ . or -")
    }
  }

  private func existingDescriptor(of name: ReferenceName, _ context: OperationContext) throws(CASError) -> Descriptor? {
    try ifFound(try repository.storedDescriptor(ofTag: name.description, context))
  }

  private func put(
    _ descriptor: Descriptor, as name: ReferenceName, replacing: Bool, _ context: OperationContext
  ) throws(CASError) {
    let existing: Descriptor?
    do throws(CASError) {
      existing = try existingDescriptor(of: name, context)
    } catch {
      // A tag that the registry refuses to show, or whose manifest is broken, can be replaced all the same.
      guard replacing, error.isRefusal || error.code == .corrupt || error.code == .io(.ioError),
        !repository.client.isUnreachable
      else { throw error }
      existing = nil
    }
    if let existing {
      if existing == descriptor { return }
      guard replacing else { throw .clobber(context) }
    }
    let content = try content(of: descriptor, context)
    // The registry has the children of a manifest that it already has.
    let known = repository.knownContent[descriptor.digest]
    if known?.isManifest != true || known?.isMirrored == true {
      try pushManifests(in: content, descriptor, depth: 0, context)
    }
    do throws(CASError) {
      try repository.client.put(content, as: name.description, descriptor, context)
      repository.sources.didWrite(tag: name.description)
    } catch {
      guard error.code == .invalid else { throw error }
      throw CASError(.invalid, context, cause: "\(error.cause) (manifest \(descriptor.digest))")
    }
    repository.knownContent.remember(
      descriptor.digest,
      KnownContent.Entry(size: descriptor.size, isManifest: true, mediaType: descriptor.mediaType))
  }

  /// Pushes the manifests of an index before the index itself: registries reject an index with missing manifests. Other
  /// entries, as BuildKit's caches have them, stay blobs.
  func pushManifests(
    in content: [UInt8], _ descriptor: Descriptor, depth: Int, _ context: OperationContext
  ) throws(CASError) {
    guard depth < Self.maximumIndexDepth,
      let manifest = try? Manifest(parsing: content, mediaType: descriptor.mediaType)
    else { return }
    for child in manifest.manifests {
      guard Manifest.kind(of: child.mediaType) != nil || child.size <= Int64(Manifest.maximumSize) else { continue }
      let content: [UInt8]
      do throws(CASError) {
        content = try self.content(of: child, context)
      } catch {
        // Some registries accept an index without all of its manifests.
        if error.code == .notFound { continue }
        throw error
      }
      // The content of an entry with an unknown media type tells whether it is a manifest.
      if Manifest.kind(of: child.mediaType) == nil,
        (try? Manifest(parsing: content, mediaType: child.mediaType)) == nil
      {
        continue
      }
      try pushManifests(in: content, child, depth: depth + 1, context)
      try repository.client.put(content, as: child.digest.description, child, context)
    }
  }

  /// The bytes of a manifest, which the repository may have as a blob or as a manifest.
  func content(of descriptor: Descriptor, _ context: OperationContext) throws(CASError) -> [UInt8] {
    guard descriptor.size <= Manifest.maximumSize else {
      throw CASError(
        .invalid, context,
        cause: "manifest longer than \(Manifest.maximumSize >> 20) MiB: \(descriptor.digest)")
    }
    let content: [UInt8]
    do throws(CASError) {
      content = try blobContents(
        descriptor.digest, limit: Manifest.maximumSize, cancellation: context.cancellation)
    } catch {
      guard error.code == .notFound else { throw error.during(context) }
      throw CASError(
        .notFound, context,
        cause: "\(repository.address.repositoryName): manifest not stored: \(descriptor.digest)")
    }
    guard content.count == descriptor.size else {
      throw CASError(
        .invalid, context,
        cause: "manifest has \(content.count) bytes, not \(descriptor.size): \(descriptor.digest)")
    }
    return content
  }

  /// Runs `body` while it excludes other processes and threads of the same cache from changing tags of the repository.
  func withTagsLocked<Result>(
    _ context: OperationContext, _ body: () throws(CASError) -> Result
  ) throws(CASError) -> Result {
    var digester = Digester(.sha256)
    digester.update(Array(repository.address.repositoryName.utf8).span)
    let name = "tags-\(digester.digest?.hex ?? "all").lock"
    let lock = try mappingErrno(context) { () throws(Errno) in
      try PrivateDirectory.openFile(name, in: repository.cache.metadataDirectory)
    }
    while true {
      try repository.checkOpen(context)
      let isLocked = try mappingErrno(context) { () throws(Errno) in
        try lock.tryLock(.exclusive)
      }
      if isLocked { break }
      Thread.sleep(for: .milliseconds(5))
    }
    return try withExtendedLifetime(lock) { () throws(CASError) in try body() }
  }
}
