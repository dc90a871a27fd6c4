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
  /// The entries with a name and a valid descriptor. If several entries have one name, the first counts.
  public var references: [Reference] {
    var seen: Set<ReferenceName> = []
    var references: [Reference] = []
    for entry in entries {
      guard let name = entry.name, seen.insert(name).inserted, let descriptor = try? entry.descriptor.get() else {
        continue
      }
      references.append(Reference(name: name, descriptor: descriptor))
    }
    return references
  }
}
