extension JSON {
  /// Returns a descriptor with another value of an annotation, or without the annotation.
  package func annotated(_ key: String, _ value: String?) -> JSON {
    guard case .object(var members) = self else { return self }
    var annotations: [Member] = []
    if case .object(let entries) = self["annotations"] ?? .null { annotations = entries.filter { $0.name != key } }
    if let value { annotations.append(Member(key, .string(value))) }
    let position = members.firstIndex { $0.name == "annotations" }
    if let position, annotations.isEmpty {
      members.remove(at: position)
    } else if let position {
      members[position].value = .object(annotations)
    } else if !annotations.isEmpty {
      members.append(Member("annotations", .object(annotations)))
    }
    return .object(members)
  }
}
