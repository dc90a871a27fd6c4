extension IndexVersion {
  /// The entries and annotations that turn one version into another, without those of both.
  package struct Difference: Sendable {
    private var removed: Set<IndexEntryKey> = []
    private var added: [JSON] = []
    private var annotations: [JSON.Member]
    /// The approximate size in memory, in bytes.
    package private(set) var size = 0

    /// Compares two versions.
    package init(from old: IndexVersion, to new: IndexVersion) {
      annotations = new.annotations
      for entry in old.entries where new[entry.key] == nil {
        removed.insert(entry.key)
        size += entry.key.digest.count
      }
      for entry in new.entries where old[entry.key] != entry.value {
        added.append(entry.value)
        size += entry.value.serialized.count
      }
      size += annotations.reduce(64) { $0 + $1.value.serialized.count }
    }

    /// Returns the other version.
    package func applied(to old: IndexVersion) -> IndexVersion {
      let replaced = removed.union(added.map { IndexEntryKey($0) })
      let kept = old.entries.filter { !replaced.contains($0.key) }.map(\.value)
      return IndexVersion(kept + added, annotations: annotations)
    }
  }
}
