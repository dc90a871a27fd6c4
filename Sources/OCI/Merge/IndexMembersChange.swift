/// The change of the members of an index beside its entries, and of its annotations, which are merged one by one.
///
/// A member that a writer does not write is removed if tools know it, and stays otherwise, as in ``MemberMerge``.
struct IndexMembersChange: Sendable {
  /// The members that a tool knows and leaves out when they are absent (image-spec, `image-index.md`).
  private static let known = ["mediaType", "artifactType", "subject"]

  /// The members that were set; removed, if the value is `nil`.
  private var members: [(name: String, value: JSON?)] = []
  private var annotations: [(name: String, value: JSON?)] = []

  /// No change.
  init() {}

  /// Compares two versions; a base of `nil` is unknown.
  init(from base: IndexText?, to written: IndexText) {
    // `schemaVersion` has one value, which tools write.
    let own = [IndexOutline.manifests, IndexOutline.annotations, "schemaVersion"]
    let names = (written.outline.members + (base?.outline.members ?? [])).map(\.name)
    for name in names where !own.contains(name) && !members.contains(where: { $0.name.sameBytes(as: name) }) {
      let (old, new) = (base?[member: name] ?? .null, written[member: name] ?? .null)
      if old.means(new) || new.isBlank && !Self.known.contains(name) { continue }
      members.append((name, new.isBlank ? nil : new))
    }
    let old = JSON.object(base?.unstampedAnnotations ?? [])
    let new = JSON.object(written.unstampedAnnotations)
    for member in new.members where old[member.name].map({ !$0.means(member.value) }) ?? true {
      annotations.append((member.name, member.value))
    }
    for member in old.members where new[member.name] == nil { annotations.append((member.name, nil)) }
  }

  /// Whether nothing was changed.
  var isEmpty: Bool { members.isEmpty && annotations.isEmpty }

  /// Returns the members of the current index that are other ones then, with their new values as JSON.
  func applied(to current: IndexText) -> [(name: String, value: [ArraySlice<UInt8>]?)] {
    var result: [(name: String, value: [ArraySlice<UInt8>]?)] = []
    for (name, value) in members where !(current[member: name] ?? .null).means(value ?? .null) {
      result.append((name, value.map { [$0.serialized[...]] }))
    }
    var merged = current.annotations
    for (name, value) in annotations {
      let position = merged.firstIndex { $0.name.sameBytes(as: name) }
      switch (position, value) {
      case (let position?, let value?): merged[position].value = value
      case (let position?, nil): merged.remove(at: position)
      case (nil, let value?): merged.append(JSON.Member(name, value))
      case (nil, nil): break
      }
    }
    if merged != current.annotations {
      result.append((IndexOutline.annotations, merged.isEmpty ? nil : [JSON.object(merged).serialized[...]]))
    }
    return result
  }
}
