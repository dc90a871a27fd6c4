public import OCI

/// The space that the content of a reference takes in a store.
public struct ReferenceUsage: Hashable, Sendable {
  /// Content that another reference has too.
  public struct Share: Hashable, Sendable {
    /// The other reference: a name, or `@DIGEST` for entries of the index that no name leads to.
    public let reference: String
    /// The bytes that both reach.
    public let size: Int64
  }

  /// The name; `nil` for entries of the index that no name leads to.
  public let name: ReferenceName?
  /// The digest that it stands for.
  public let digest: Digest
  /// The stored bytes that it reaches: through manifests and indexes, by `subject`, and what refers to a manifest by its
  /// `subject`.
  public let size: Int64
  /// The stored bytes that no other reference reaches. Garbage collection frees them when the reference is removed.
  public let exclusiveSize: Int64
  /// The number of other references that reach some of the same content.
  public let shareCount: Int
  /// The references that share most, at most 100, the largest share first.
  public let shares: [Share]

  /// The reference as users write it: the name, or `@DIGEST`.
  public var reference: String { name?.description ?? "@\(digest)" }
}

/// The space that the references of a store take.
public struct StoreUsage: Sendable {
  /// The usage of each reference, the largest size first.
  public let references: [ReferenceUsage]
  /// The errors of manifests that cannot be read; their references are unknown.
  public let failures: [CASError]
}

extension Engine {
  /// Returns the space that each reference takes: all that it reaches, what it alone reaches, and what it shares with others.
  ///
  /// Manifests are read, each once, and no other content, except unreferenced blobs that may be manifests with a `subject`.
  /// Content that is absent, or embedded in its descriptor, takes no space. In a remote store the sizes are those of the
  /// descriptors, and what refers to a manifest counts only if a tag reaches it.
  ///
  /// - Throws: an error of the store, or ``CASError/Code-swift.struct/cancelled``.
  public func usage(cancellation: CancellationToken = .none) throws(CASError) -> StoreUsage {
    let graph = try UsageGraph(self, cancellation)
    return StoreUsage(references: try graph.references(cancellation), failures: graph.failures)
  }
}
