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

/// Entries that are known, and then those of a stream.
final class EntryChain: EntryStream {
  private var first: ArraySlice<DirectoryEntry>
  private let rest: any EntryStream

  init(_ first: [DirectoryEntry], then rest: any EntryStream) {
    self.first = first[...]
    self.rest = rest
  }

  func next() throws(Errno) -> DirectoryEntry? {
    if let entry = first.popFirst() { return entry }
    return try rest.next()
  }

  func readAhead(willBlock: () -> Void) { rest.readAhead(willBlock: willBlock) }
}

/// The entries of a directory that is listed as a whole.
final class EntryList: EntryStream {
  private var rest: ArraySlice<DirectoryEntry>

  init(_ entries: [DirectoryEntry]) {
    rest = entries[...]
  }

  func next() -> DirectoryEntry? { rest.popFirst() }
}
