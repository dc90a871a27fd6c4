/// Names in `incoming/`: I8 to I10, and the kernel's rules for names.
extension Model {
  static func parent(of path: String) -> String? {
    path.lastIndex(of: "/").map { String(path[..<$0]) }
  }

  func parentError(of path: String) -> String? {
    guard let parent = Self.parent(of: path) else { return nil }
    if let error = parentError(of: parent) { return error }
    switch entries[parent] {
    case .folder: return nil
    case .file: return "ENOTDIR"
    case nil: return "ENOENT"
    }
  }

  /// The digest that a name expects.
  func promise(of path: String) -> String? {
    var name = path.split(separator: "/").last ?? ""
    if name.hasPrefix("sha256:") { name = name.dropFirst(7) }
    return name.hasPrefix("#") ? Content.expanded(String(name)) : nil
  }

  private func hasMembers(_ path: String) -> Bool {
    entries.keys.contains { $0.hasPrefix(path + "/") }
  }

  func rename(_ path: String, _ other: String) -> String? {
    if let error = parentError(of: path) ?? parentError(of: other) { return error }
    guard let entry = entries[path] else { return "ENOENT" }
    if other.hasPrefix(path + "/") { return "EINVAL" }
    if path.hasPrefix(other + "/") { return "ENOTEMPTY" }
    if path == other { return "ok" }
    switch (entry, entries[other]) {
    case (.folder, .file): return "ENOTDIR"
    case (.file, .folder): return "EISDIR"
    case (.folder, _):
      if hasMembers(other) { return "ENOTEMPTY" }
      for (inner, entry) in entries where inner.hasPrefix(path + "/") {
        entries[inner] = nil
        entries[other + inner.dropFirst(path.count)] = entry
      }
    case (.file(let file), let old):
      let promise = promise(of: other)
      if let promise, let committed = file.committed, file.draft == nil, Content.hex(committed) != promise {
        return "EBADMSG"
      }
      file.promise = promise
      old?.file?.isUnlinked = true
    }
    entries[path] = nil
    entries[other] = entry
    return "ok"
  }

  func unlink(_ path: String) -> String? {
    if let error = parentError(of: path) { return error }
    switch entries[path] {
    case nil: return "ENOENT"
    case .folder: return "EISDIR"
    case .file(let file): file.isUnlinked = true
    }
    entries[path] = nil
    return "ok"
  }

  func makeFolder(_ path: String) -> String? {
    if let error = parentError(of: path) { return error }
    guard entries[path] == nil else { return "EEXIST" }
    entries[path] = .folder
    return "ok"
  }

  func removeFolder(_ path: String) -> String? {
    if let error = parentError(of: path) { return error }
    switch entries[path] {
    case nil: return "ENOENT"
    case .file: return "ENOTDIR"
    case .folder where hasMembers(path): return "ENOTEMPTY"
    case .folder: entries[path] = nil
    }
    return "ok"
  }

  /// B3, and I8 for aliases.
  func delete(_ hex: String) -> String? {
    guard blobs[hex] != nil else { return "ENOENT" }
    if references.contains(where: { $0.value.digest == hex }) { return "EBUSY" }
    // A removed blob that is open stays readable, which other tests cover.
    let isOpen = entries.values.contains { entry in
      guard let file = entry.file, let committed = file.committed, Content.hex(committed) == hex else { return false }
      return file.draft != nil || file.openWriters > 0
        || processes.values.contains { $0.values.contains { $0.file === file } }
    }
    if isOpen { return nil }
    blobs[hex] = nil
    for (path, entry) in entries {
      guard let committed = entry.file?.committed, Content.hex(committed) == hex else { continue }
      entries[path] = nil
    }
    return "ok"
  }
}
