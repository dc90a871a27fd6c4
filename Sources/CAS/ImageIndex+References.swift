public import OCI

extension ImageIndex {
  /// The entries that have a name and a descriptor; of those of one name the first counts.
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
