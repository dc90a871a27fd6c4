public import OCI

/// The progress of copying an image.
public struct CopyProgress: Hashable, Sendable {
  /// The number of bytes that are in the other store.
  public var done: Int64
  /// The number of bytes of the image.
  public var total: Int64

  /// Creates a progress from its parts.
  public init(done: Int64, total: Int64) {
    self.done = done
    self.total = total
  }
}

extension Engine {
  /// Copies an image, with everything that its descriptor reaches, to another store, and stores a reference to it there.
  ///
  /// A blob is copied before the manifests that refer to it, and the reference is stored last. Blobs that the other store
  /// has are not copied again, so a repeated copy continues where a failed one stopped. They are verified first if the
  /// other store is local and ``ContentVerifying``. An absent `subject`, or absent content with `urls`, is skipped.
  ///
  /// Nothing is stored under the name before the copy is complete. With ``CopyOptions/includesReferrers``, referrers are
  /// added to the other store before the image gets its name.
  ///
  /// - Parameter replacing: whether a different descriptor of that name is replaced.
  /// - Parameter progress: called while content is copied; an error that it throws ends the copy.
  /// - Throws: ``CASError/Code-swift.struct/notFound`` with the digest of a blob that is not in this store, before anything
  ///   is copied, and with ``IncompleteIndexError`` behind it if a part of an index is absent;
  ///   ``CASError/Code-swift.struct/mismatch`` if the size of a blob differs from its descriptor;
  ///   ``CASError/Code-swift.struct/clobber`` if a different descriptor has the name;
  ///   ``CASError/Code-swift.struct/invalid`` if the other store cannot have the name; errors of both stores.
  public func copy(
    _ descriptor: Descriptor, to other: any Engine, named name: ReferenceName, replacing: Bool = false,
    options: CopyOptions = CopyOptions(), cancellation: CancellationToken = .none,
    progress: (CopyProgress) throws(CASError) -> Void = { _ in }
  ) throws(CASError) {
    try other.checkNewReference(named: name)
    if !replacing { try other.checkFree(name, for: descriptor) }
    let plan = try CopyPlan(of: descriptor, named: name, in: self, options, cancellation)
    if !replacing {
      for tag in plan.tags { try other.checkFree(tag.name, for: tag.descriptor) }
    }
    var copy = BlobCopies(plan, from: self, to: other, cancellation)
    try copy.run(progress)
    for (referrer, subject) in plan.referrers {
      try other.putReferrer(referrer, of: subject, cancellation: cancellation)
    }
    for tag in plan.tags {
      try other.putReference(tag.descriptor, named: tag.name, replacing: replacing, cancellation: cancellation)
    }
    try other.putReference(descriptor, named: name, replacing: replacing, cancellation: cancellation)
    // A blob that was not copied may have been collected as garbage before the reference could keep it.
    try copy.completeAgain()
  }

  /// Checks that a name is free, or stands for the same descriptor.
  private func checkFree(_ name: ReferenceName, for descriptor: Descriptor) throws(CASError) {
    guard let taken = try ifFound(try reference(named: name)) else { return }
    if taken != storable(descriptor) { throw .clobber(OperationContext(CopyPlan.operation, on: name)) }
  }
}
