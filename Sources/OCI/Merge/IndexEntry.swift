/// An entry of an index, read from its text.
struct IndexEntry: Sendable {
  /// The position in the text.
  let position: Int
  let value: JSON
  let key: IndexEntryKey

  /// Reads the entry at a position of a text.
  init(_ text: IndexText, _ position: Int) {
    self.position = position
    value = text.value(at: position)
    key = IndexEntryKey(value)
  }

  /// The platform; `nil` if it is absent or says nothing.
  var platform: JSON? {
    guard let platform = value["platform"], !platform.isBlank else { return nil }
    return platform
  }

  /// Whether a tool can tell the entry from another one of its name by the platform: both have one.
  func isOfOtherPlatform(than other: IndexEntry) -> Bool {
    guard let platform, let otherPlatform = other.platform else { return false }
    return !platform.means(otherPlatform)
  }

  /// A member or an annotation that is not empty.
  struct Statement: Hashable {
    let isAnnotation: Bool
    let name: [UInt8]
    let value: [UInt8]
  }

  /// The members and annotations, beside the mark of a lost name.
  var statements: [Statement] {
    func statements(_ members: [JSON.Member], isAnnotation: Bool) -> [Statement] {
      members.filter { !$0.value.isBlank }.map {
        Statement(isAnnotation: isAnnotation, name: Array($0.name.utf8), value: $0.value.canonical.serialized)
      }
    }
    let annotations = (value["annotations"]?.members ?? []).filter { !$0.name.sameBytes(as: IndexMerge.lostNameKey) }
    return statements(value.members.filter { !$0.name.sameBytes(as: "annotations") }, isAnnotation: false)
      + statements(annotations, isAnnotation: true)
  }

  /// Whether the entry has no member and no annotation that another one has not, beside the mark of a lost name.
  func saysNoMore(than other: IndexEntry) -> Bool {
    let annotations = NamedMembers(other.value["annotations"] ?? .null)
    return value.members.allSatisfy { (member) in
      if member.name.sameBytes(as: "annotations") {
        return member.value.members.allSatisfy {
          $0.name.sameBytes(as: IndexMerge.lostNameKey) || $0.value.means(annotations[$0.name] ?? .null)
        }
      }
      return member.value.means(other.value[member.name] ?? .null)
    }
  }
}
