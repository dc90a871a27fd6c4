import SystemPackage

/// An iterator over the entries of a directory, used by one thread at a time.
protocol EntryStream: AnyObject {
  func next() throws(Errno) -> DirectoryEntry?
  /// Reads the next entries while the caller processes those it has.
  ///
  /// - Parameter willBlock: called before the call blocks.
  func readAhead(willBlock: () -> Void)
}

extension EntryStream {
  func readAhead(willBlock: () -> Void) {}
}

/// The entries of a directory that is listed as a whole.
final class EntryList: EntryStream {
  private var rest: ArraySlice<DirectoryEntry>

  init(_ entries: [DirectoryEntry]) {
    rest = entries[...]
  }

  func next() -> DirectoryEntry? { rest.popFirst() }
}
