/// Descriptors and content: I5, I7, I11.
extension Model {
  func open(_ process: Int, _ slot: Int, _ path: String, _ mode: Step.Mode) -> String? {
    guard processes[process]?[slot] == nil else { return nil }
    if let error = parentError(of: path) { return error }
    let file: File
    switch entries[path] {
    // Opening a directory for reading works, but no step uses it.
    case .folder where mode == .read: return nil
    case .folder where mode == .only: return "EEXIST"
    case .folder: return "EISDIR"
    case .file where mode == .only: return "EEXIST"
    case .file(let old) where mode.cuts && isMapped(old, beyond: 0): return nil
    case .file(let old): file = old
    case nil where !mode.makes: return "ENOENT"
    case nil:
      file = File()
      file.promise = promise(of: path)
      entries[path] = .file(file)
    }
    if mode.writes {
      if file.openWriters == 0 { file.failure = nil }
      file.isLate = false
      file.openWriters += 1
      if mode.cuts { file.draft = [] }
    }
    processes[process]?[slot] = Handle(file, opener: identities[process] ?? 0, mode)
    return "ok"
  }

  func write(_ process: Int, _ slot: Int, at offset: Int?, _ count: Int, _ tag: Int) -> String? {
    guard let handle = processes[process]?[slot] else { return nil }
    guard handle.mode.writes else { return "EBADF" }
    let start = handle.mode == .append ? handle.file.content.count : offset ?? handle.offset
    guard start + count <= Self.longest else { return nil }
    if let failure = change(handle.file, by: handle.opener, { Self.put(Content.pattern(count, tag), start, &$0) }) {
      return failure
    }
    if offset == nil { handle.offset = start + count }
    return "ok \(count)"
  }

  /// Changes the draft, which starts as the committed content.
  func change(_ file: File, by writer: Int?, _ body: (inout [UInt8]) -> Void) -> String? {
    if let failure = file.failure { return failure }
    var content = file.content
    body(&content)
    file.draft = content
    if let writer { file.writers.insert(writer) }
    return nil
  }

  static func put(_ bytes: [UInt8], _ start: Int, _ content: inout [UInt8]) {
    resize(&content, max(content.count, start + bytes.count))
    content.replaceSubrange(start..<start + bytes.count, with: bytes)
  }

  static func resize(_ content: inout [UInt8], _ size: Int) {
    if size < content.count { content.removeLast(content.count - size) }
    content += [UInt8](repeating: 0, count: size - content.count)
  }

  func read(_ process: Int, _ slot: Int, at offset: Int?, _ count: Int) -> String? {
    guard let handle = processes[process]?[slot], !handle.file.isDiscarded else { return nil }
    guard handle.mode.reads else { return "EBADF" }
    let bytes = handle.file.content.dropFirst(offset ?? handle.offset).prefix(count)
    if offset == nil { handle.offset += bytes.count }
    return "ok \(Content.short(Array(bytes)))"
  }

  func allocate(_ process: Int, _ slot: Int) -> String? {
    guard let handle = processes[process]?[slot] else { return nil }
    return handle.mode.writes ? "EOPNOTSUPP" : "EBADF"
  }

  func holes(_ process: Int, _ slot: Int) -> String? {
    // A store through a mapping is found when it is written out.
    guard let handle = processes[process]?[slot], handle.mode.reads, !handle.file.isDiscarded, mapping == nil else {
      return nil
    }
    return "ok \(Content.short(handle.file.content))"
  }

  func copy(_ process: Int, _ slot: Int, _ other: Int, from: Int, to: Int, _ count: Int) -> String? {
    guard let source = processes[process]?[slot], let target = processes[process]?[other] else { return nil }
    guard !source.file.isDiscarded, to + count <= Self.longest else { return nil }
    guard source.mode.reads, target.mode.writes, target.mode != .append else { return "EBADF" }
    let bytes = Array(source.file.content.dropFirst(from).prefix(count))
    guard !bytes.isEmpty else { return nil }
    // Within one file the ranges must not overlap, and the worker goes on until the end, which the copy may move.
    if source.file === target.file, bytes.count < count || abs(from - to) < count { return nil }
    return change(target.file, by: target.opener) { Self.put(bytes, to, &$0) } ?? "ok \(bytes.count)"
  }

  func seek(_ process: Int, _ slot: Int, _ offset: Int) -> String? {
    guard let handle = processes[process]?[slot] else { return nil }
    handle.offset = offset
    return "ok"
  }

  func truncate(_ process: Int, _ slot: Int, _ size: Int) -> String? {
    guard let handle = processes[process]?[slot], !isMapped(handle.file, beyond: size) else { return nil }
    guard handle.mode.writes else { return "EINVAL" }
    return change(handle.file, by: handle.opener) { Self.resize(&$0, size) } ?? "ok"
  }

  /// A truncation without a descriptor has no close to wait for: it is committed immediately, unless a writer will.
  func truncate(_ path: String, _ size: Int) -> String? {
    if let error = parentError(of: path) { return error }
    guard let entry = entries[path] else { return "ENOENT" }
    guard let file = entry.file else { return "EISDIR" }
    guard !isMapped(file, beyond: size) else { return nil }
    if file.openWriters == 0 {
      file.failure = nil
      file.isLate = false
    }
    if let failure = change(file, by: nil, { Self.resize(&$0, size) }) { return failure }
    guard file.openWriters == 0, let failure = publish(file) else { return "ok" }
    discard(file)
    return failure
  }

  func duplicate(_ process: Int, _ slot: Int, _ other: Int) -> String? {
    guard let handle = processes[process]?[slot], processes[process]?[other] == nil else { return nil }
    handle.uses += 1
    processes[process]?[other] = handle
    return "ok"
  }

  func synchronize(_ process: Int, _ slot: Int) -> String? {
    guard let handle = processes[process]?[slot] else { return nil }
    return handle.file.failure ?? "ok"
  }

  // MARK: Mappings

  func mappedRead(_ process: Int, _ slot: Int, _ offset: Int, _ count: Int) -> String? {
    guard let handle = processes[process]?[slot], handle.mode.reads, !handle.file.content.isEmpty else { return nil }
    return "ok \(Content.short(Array(handle.file.content.dropFirst(offset).prefix(count))))"
  }

  func mappedStore(_ process: Int, _ slot: Int, _ offset: Int, _ count: Int, _ tag: Int) -> String? {
    guard let handle = processes[process]?[slot], handle.mode.reads, handle.mode.writes,
      handle.file.failure == nil, offset + count <= handle.file.content.count
    else { return nil }
    _ = change(handle.file, by: handle.opener) { Self.put(Content.pattern(count, tag), offset, &$0) }
    return "ok"
  }

  func hold(_ process: Int, _ slot: Int) -> String? {
    guard let handle = processes[process]?[slot], handle.mode.reads, handle.mode.writes, mapping == nil,
      processes.count == 1, !handle.file.content.isEmpty
    else { return nil }
    handle.uses += 1
    mapping = (process, handle, handle.file.content.count)
    return "ok"
  }

  func put(_ process: Int, _ offset: Int, _ count: Int, _ tag: Int) -> String? {
    guard let mapping, mapping.process == process, offset + count <= mapping.size, mapping.handle.file.failure == nil
    else { return nil }
    _ = change(mapping.handle.file, by: mapping.handle.opener) { Self.put(Content.pattern(count, tag), offset, &$0) }
    return "ok"
  }

  func drop(_ process: Int) -> String? {
    guard let mapping, mapping.process == process else { return nil }
    self.mapping = nil
    release(mapping.handle)
    return "ok"
  }

  /// Whether a store into the mapping would be past the end of the file, which is SIGBUS.
  private func isMapped(_ file: File, beyond size: Int) -> Bool {
    guard let mapping else { return false }
    return mapping.handle.file === file && size < mapping.size
  }
}
