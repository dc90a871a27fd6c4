public import OCI

/// A reference: a name for a descriptor.
public struct Reference: Hashable, Sendable {
  /// The name.
  public var name: ReferenceName
  /// The descriptor of that name.
  public var descriptor: Descriptor

  /// Creates a reference from its parts.
  public init(name: ReferenceName, descriptor: Descriptor) {
    self.name = name
    self.descriptor = descriptor
  }
}

extension ImageIndex {
  /// The listed names with a valid descriptor; see `ImageIndex.namedEntries`.
  public var references: [Reference] {
    namedEntries.compactMap { (named) in
      guard named.isListed, named.isDescriptor, let descriptor = try? entries[named.position].descriptor.get() else {
        return nil
      }
      return Reference(name: named.name, descriptor: descriptor)
    }
  }
}
