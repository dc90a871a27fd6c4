public import OCI

extension Engine {
  /// Returns the descriptor of the image for a platform that an index has, also in an index within it. An entry without a
  /// platform is for that of its configuration. A manifest is returned itself if it is for the platform.
  ///
  /// - Throws: ``CASError/Code-swift.struct/notFound`` with the platforms that there are if none is this one; errors of
  ///   stored manifests that cannot be read.
  public func image(
    for platform: Platform, of descriptor: Descriptor, cancellation: CancellationToken = .none
  ) throws(CASError) -> Descriptor {
    let search = PlatformSearch(engine: self, platform: platform, cancellation: cancellation)
    return try search.image(of: [descriptor])
  }

  /// Returns the descriptor of the image for a platform that a name stands for. Several entries of an index may have one
  /// name, each for another platform; in other respects as ``image(for:of:cancellation:)``.
  ///
  /// - Parameter descriptor: that of the name.
  public func image(
    for platform: Platform, named name: ReferenceName, _ descriptor: Descriptor,
    cancellation: CancellationToken = .none
  ) throws(CASError) -> Descriptor {
    let search = PlatformSearch(engine: self, platform: platform, cancellation: cancellation)
    guard !(self is any RemoteEngine) else { return try search.image(of: [descriptor]) }
    let others = try index().entries.filter { $0.name == name || $0.imageName == name }
    return try search.image(of: [descriptor] + others.compactMap { try? $0.descriptor.get().named(nil) })
  }
}

/// A search for the image of a platform, depth first through indexes.
private struct PlatformSearch {
  private static let operation = "find image"

  let engine: any Engine
  let platform: Platform
  let cancellation: CancellationToken

  /// Returns the first image for the platform among manifests and indexes.
  func image(of roots: [Descriptor]) throws(CASError) -> Descriptor {
    var found: [Platform] = []
    var read: Set<Digest> = []
    var waiting = Array(roots.reversed())
    while let descriptor = waiting.popLast() {
      var actual = descriptor.json["platform"].flatMap(Platform.init)
      if actual == nil || Manifest.kind(of: descriptor.mediaType) != .image,
        let manifest = try manifest(descriptor)
      {
        if manifest.kind == .index {
          if read.insert(descriptor.digest).inserted { waiting += manifest.manifests.reversed() }
          continue
        }
        if actual == nil, let config = manifest.config { actual = try configured(config) }
      }
      guard let actual else { continue }
      if actual == platform { return descriptor }
      if !found.contains(actual) { found.append(actual) }
    }
    let list = found.isEmpty ? "no platforms" : found.map(\.description).joined(separator: ", ")
    throw CASError(
      .notFound, operation: Self.operation, subject: platform.description,
      cause: "no image for this platform; there is: \(list)")
  }

  /// The manifest or index of a descriptor; `nil` if it is absent, or neither.
  private func manifest(_ descriptor: Descriptor) throws(CASError) -> Manifest? {
    guard descriptor.json["platform"]?["os"]?.text != "unknown",
      let content = try content(of: descriptor)
    else { return nil }
    return try? Manifest(parsing: content, mediaType: descriptor.mediaType)
  }

  /// The platform in an image's configuration.
  private func configured(_ config: Descriptor) throws(CASError) -> Platform? {
    try content(of: config).flatMap { try? JSON(parsing: $0) }.flatMap(Platform.init)
  }

  private func content(of descriptor: Descriptor) throws(CASError) -> [UInt8]? {
    guard descriptor.size <= Int64(Manifest.maximumSize) else { return nil }
    return try engine.manifestContents(descriptor.digest, cancellation)
  }
}
