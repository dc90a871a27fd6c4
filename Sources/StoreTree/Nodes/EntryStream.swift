import SystemPackage

/// The entries of a directory one after the other; used by one thread at a time.
protocol EntryStream: AnyObject {
  func next() throws(Errno) -> DirectoryEntry?
  /// Gets what will be asked for next, while whoever asks is busy with what was given.
  ///
  /// - Parameter willBlock: called before what may take long.
  func readAhead(willBlock: () -> Void)
}

extension EntryStream {
  func readAhead(willBlock: () -> Void) {}
}

/// The entries of a directory that is small enough to be listed at once.
final class EntryList: EntryStream {
  private var rest: ArraySlice<DirectoryEntry>

  init(_ entries: [DirectoryEntry]) {
    rest = entries[...]
  }

  func next() -> DirectoryEntry? { rest.popFirst() }
}
