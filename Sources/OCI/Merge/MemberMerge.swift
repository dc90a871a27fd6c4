/// The three-way merge of the members of one entry.
///
/// Tools write back the members that they know, in another order and with other escapes, and drop the others. So a member
/// that they know is changed if its value is another one, and one that they do not know stays if it is missing.
struct MemberMerge {
  /// The members of a descriptor and of a platform that tools know (image-spec, `descriptor.md`, `image-index.md`).
  private static let known = ["mediaType", "size", "urls", "data", "artifactType", "platform", "annotations"]
  private static let knownOfPlatform = ["architecture", "os", "os.version", "os.features", "variant", "features"]

  let base: JSON
  let written: JSON

  /// Whether the writer changed a member.
  var isChange: Bool { merged(into: base) != base }

  /// Returns an entry with the changes of the writer.
  func merged(into current: JSON) -> JSON {
    Self.merge(base, written, into: current) { name, base, written, current in
      switch name {
      case "annotations":
        // Each annotation is the writer's own: a tool keeps them all.
        Self.merge(base, written, into: current, drops: { _ in true }) { _, _, written, _ in written }
      case "platform":
        Self.merge(base, written, into: current, drops: Self.knownOfPlatform.contains) { _, _, written, _ in written }
      default: written
      }
    }
  }

  private static func merge(
    _ base: JSON, _ written: JSON, into current: JSON, drops: (String) -> Bool = known.contains,
    changed: (String, JSON, JSON, JSON) -> JSON
  ) -> JSON {
    var result: [JSON.Member?] = current.members
    let (bases, writings) = (NamedMembers(base), NamedMembers(written))
    var positions = NamePositions(current.members.lazy.map(\.name))
    let more = bases.members.map(\.name).filter { writings[$0] == nil }
    for name in writings.members.map(\.name) + more {
      let (old, new) = (bases[name] ?? .null, writings[name] ?? .null)
      if old.means(new) || new.isBlank && !drops(name) { continue }
      let position = positions[name]
      let value = changed(name, old, new, position.flatMap { result[$0]?.value } ?? .null)
      switch (position, value.isBlank) {
      case (let position?, true): result[position] = nil
      case (let position?, false): result[position] = JSON.Member(name, value)
      case (nil, true): break
      case (nil, false):
        positions.insert(name, result.count)
        result.append(JSON.Member(name, value))
      }
    }
    return .object(result.compactMap(\.self))
  }
}

/// The members of an object, found by name in a constant time.
struct NamedMembers {
  let members: [JSON.Member]
  private let positions: NamePositions

  init(_ value: JSON) {
    members = value.members
    positions = NamePositions(members.lazy.map(\.name))
  }

  /// The value of a member; `nil` if it is absent.
  subscript(name: String) -> JSON? { positions[name].map { members[$0].value } }
}

extension JSON {
  /// The members of an object; none for other values.
  var members: [Member] {
    guard case .object(let members) = self else { return [] }
    return members
  }

  /// Whether Go omits the value: `null`, an empty string, array or object.
  var isBlank: Bool {
    switch self {
    case .null: true
    case .string(let text): text.isEmpty
    case .array(let elements): elements.isEmpty
    case .object(let members): members.isEmpty
    case .bool, .number: false
    }
  }

  /// Whether two values say the same, whatever the order of members.
  func means(_ other: JSON) -> Bool {
    isBlank && other.isBlank || self == other || canonical.serialized == other.canonical.serialized
  }
}
