/// Commit on close: I1 to I9.
extension Model {
  /// The FLUSH of one descriptor, which the process has already lost; a process that ends has lost all.
  private func flush(_ process: Int, _ handle: Handle, isKilled: Bool) -> String? {
    let file = handle.file
    guard handle.mode.writes else { return nil }
    if let failure = file.failure { return failure }
    let identity = identities[process] ?? 0
    guard file.draft != nil, identity == handle.opener else { return nil }
    let isOpen = processes[process, default: [:]].values.contains { $0.file === file && $0.mode.writes }
    if isOpen { return nil }
    // I6: a file truncated or just created is incomplete too.
    if isKilled, file.writers.contains(identity) || file.writers.isEmpty {
      discard(file)
      return nil
    }
    guard file.writers.contains(identity) else { return nil }
    return publish(file)
  }

  /// Drops one use of a handle; errors after the last use are not reported.
  func release(_ handle: Handle) {
    handle.uses -= 1
    guard handle.uses == 0, handle.mode.writes else { return }
    let file = handle.file
    file.openWriters -= 1
    guard file.openWriters == 0 else { return }
    if file.failure != nil {
      discard(file)
    } else if publish(file) != nil {
      file.draft = []
      file.isLate = true
    }
  }

  func publish(_ file: File) -> String? {
    guard let draft = file.draft, !file.isUnlinked else { return nil }
    let hex = Content.hex(draft)
    if let promise = file.promise, promise != hex {
      file.failure = "EBADMSG"
      return "EBADMSG"
    }
    blobs[hex] = draft
    file.committed = draft
    file.draft = nil
    file.writers = []
    return nil
  }

  func discard(_ file: File) {
    file.draft = nil
    file.writers = []
    file.failure = file.openWriters == 0 ? nil : "EIO"
    file.isDiscarded = true
    guard file.committed == nil else { return }
    file.isUnlinked = true
    if let path = entries.first(where: { $0.value.file === file })?.key { entries[path] = nil }
  }

  func close(_ process: Int, _ slot: Int) -> String? {
    guard let handle = processes[process]?.removeValue(forKey: slot) else { return nil }
    let failure = flush(process, handle, isKilled: false)
    release(handle)
    return failure ?? "ok"
  }

  /// FLUSH of all descriptors of a process that ends precedes any RELEASE.
  func end(_ process: Int, isKilled: Bool) -> String? {
    guard let slots = processes[process] else { return nil }
    processes[process] = [:]
    for handle in slots.values { _ = flush(process, handle, isKilled: isKilled) }
    for handle in slots.values { release(handle) }
    processes[process] = nil
    if let mapping, mapping.process == process {
      self.mapping = nil
      release(mapping.handle)
    }
    return "ok"
  }

  func fork(_ process: Int, _ child: Int) -> String? {
    // A child would inherit a mapping too, which other tests cover.
    guard let slots = processes[process], processes[child] == nil, mapping == nil else { return nil }
    for handle in slots.values { handle.uses += 1 }
    processes[child] = slots
    started += 1
    identities[child] = started
    return "ok"
  }
}

extension Model.Entry {
  var file: Model.File? {
    if case .file(let file) = self { file } else { nil }
  }
}
