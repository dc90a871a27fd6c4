/// References: R1 to R3, T1.
extension Model {
  private func index(of name: String) -> Int? { references.firstIndex { $0.name == name } }

  private func isFolder(_ name: String) -> Bool { referenceFolders.contains(name) }

  private func roomError(_ name: String) -> String? {
    guard let parent = Self.parent(of: name), !isFolder(parent) else { return nil }
    return index(of: parent) == nil ? "ENOENT" : "ENOTDIR"
  }

  /// The descriptor of a complete text, or the error.
  private enum Meaning {
    case reference(Reference)
    case error(String)
    /// Unspecified: entries of one digest with different media types.
    case unclear
  }

  private func meaning(_ text: String) -> Meaning {
    let text = text.replacing("\\n", with: "")
    if text.hasPrefix("{") {
      // {"digest":"sha256:HEX","mediaType":"TYPE","size":N}
      let parts = text.split(separator: "\"")
      guard parts.count == 11, let size = Int(parts[10].dropFirst().dropLast()) else { return .error("EINVAL") }
      let hex = Content.expanded(String(parts[3].dropFirst(7)))
      guard let blob = blobs[hex] else { return .error("ENOENT") }
      guard blob.count == size else { return .error("EINVAL") }
      return .reference(Reference(digest: hex, size: size, mediaType: String(parts[7])))
    }
    let hex = Content.expanded(String(text.dropFirst(7)))
    guard text.hasPrefix("sha256:"), hex.count == 64 else { return .error("EINVAL") }
    guard let blob = blobs[hex] else { return .error("ENOENT") }
    let types = Set(references.filter { $0.value.digest == hex }.map(\.value.mediaType))
    guard types.count < 2 else { return .unclear }
    return .reference(
      Reference(digest: hex, size: blob.count, mediaType: types.first ?? "application/octet-stream"))
  }

  func tag(_ name: String, _ text: String) -> String? {
    if let error = roomError(name) { return "open \(error)" }
    if isFolder(name) { return "open EISDIR" }
    let isPartial = "sha256:0123".hasPrefix(text) || text == "{"
    switch meaning(text) {
    case .unclear: return nil
    case .error where isPartial: return "close EINVAL"
    case .error(let error): return "write \(error) close \(error)"
    case .reference(let value):
      if let index = index(of: name) {
        return references[index].value == value ? "ok" : "write EEXIST close EEXIST"
      }
      references.append((name, value))
      return "ok"
    }
  }

  func retag(_ name: String, _ other: String) -> String? {
    // No step moves a directory of references.
    if isFolder(name) { return nil }
    if let error = roomError(name) ?? roomError(other) { return error }
    guard let index = index(of: name) else { return "ENOENT" }
    if name.hasPrefix(other + "/") { return "ENOTEMPTY" }
    if isFolder(other) { return "EISDIR" }
    if name == other { return "ok" }
    let value = references[index].value
    references.removeAll { $0.name == name || $0.name == other }
    references.append((other, value))
    return "ok"
  }

  func untag(_ name: String) -> String? {
    if let error = roomError(name) { return error }
    if isFolder(name) { return "EISDIR" }
    guard let index = index(of: name) else { return "ENOENT" }
    references.remove(at: index)
    return "ok"
  }

  func makeReferenceFolder(_ name: String) -> String? {
    if isFolder(name) || index(of: name) != nil { return "EEXIST" }
    referenceFolders.insert(name)
    return "ok"
  }

  func removeReferenceFolder(_ name: String) -> String? {
    if index(of: name) != nil { return "ENOTDIR" }
    guard isFolder(name) else { return "ENOENT" }
    if references.contains(where: { $0.name.hasPrefix(name + "/") }) { return "ENOTEMPTY" }
    referenceFolders.remove(name)
    return "ok"
  }
}
