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
  ///
  /// - Throws: ``InvalidValue`` if annotations that were set are not strings, for which Go's `encoding/json` refuses an index.
  init(from base: IndexText?, to written: IndexText) throws(InvalidValue) {
    // `schemaVersion` has one value, which tools write.
    let own = [IndexOutline.manifests, IndexOutline.annotations, "schemaVersion"]
    let names = (written.outline.members + (base?.outline.members ?? [])).map(\.name)
    var seen = NamePositions()
    for (place, name) in names.enumerated() where !own.contains(name) && seen.insert(name, place) {
      let (old, new) = (base?[member: name] ?? .null, written[member: name] ?? .null)
      if old.means(new) || new.isBlank && !Self.known.contains(name) { continue }
      members.append((name, new.isBlank ? nil : new))
    }
    let old = NamedMembers(.object(base?.unstampedAnnotations ?? []))
    let new = NamedMembers(.object(written.unstampedAnnotations))
    switch written[member: IndexOutline.annotations] {
    case nil, .null, .object: break
    default: throw InvalidValue("index with annotations that are not an object")
    }
    for member in new.members where old[member.name].map({ !$0.means(member.value) }) ?? true {
      guard member.value.isTextOrNull else {
        throw InvalidValue("index with annotations that are not strings")
      }
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
    let merged = annotations(of: current)
    if merged != current.annotations {
      result.append((IndexOutline.annotations, merged.isEmpty ? nil : [JSON.object(merged).serialized[...]]))
    }
    return result
  }

  private func annotations(of current: IndexText) -> [JSON.Member] {
    var result: [JSON.Member?] = current.annotations
    var positions = NamePositions(current.annotations.lazy.map(\.name))
    for (name, value) in annotations {
      let new = value.map { JSON.Member(name, $0) }
      if let position = positions[name] {
        result[position] = new
      } else if let new {
        positions.insert(name, result.count)
        result.append(new)
      }
    }
    return result.compactMap(\.self)
  }
}
