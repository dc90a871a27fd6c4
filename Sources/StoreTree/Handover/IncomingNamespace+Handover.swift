import CASPlatform
import OCI
import SystemPackage

extension TreeContext {
  /// The namespaces of ``IncomingFile``, `incoming` first.
  var namespaces: [IncomingNamespace] {
    [incoming] + ([.root] + Digest.Algorithm.allCases.map { .blobs($0) }).map { scratch($0) }
  }
}

extension IncomingNamespace {
  /// Writes the directories for the next program; those of `incoming` are in the journal.
  func writeDirectories(to writer: inout HandoverWriter) {
    let directories = isScratch ? directories : []
    writer.add(list: directories) { (writer, entry) in
      writer.add(entry.directory.number)
      writer.add(entry.directory.creator)
      writer.add(entry.directory.current)
      writer.add(entry.place.parent)
      writer.add(entry.place.name.text)
    }
  }

  private var directories: [(directory: IncomingInode, place: Place)] {
    state.withLock(notifying: .none) { state in
      state.members.values.flatMap(\.values).compactMap { (member) in
        guard case .directory(let directory) = member else { return nil }
        return state.places[directory.number].map { (directory, $0) }
      }
    }
  }

  /// Reads what ``writeDirectories(to:)`` wrote.
  static func readDirectories(
    from reader: inout HandoverReader
  ) throws(Errno) -> [(directory: IncomingInode, place: Place)] {
    try reader.list { (reader) throws(Errno) in
      let (number, creator): (UInt64, ProcessIdentity) = (try reader.number(), try reader.process())
      let directory = IncomingInode(number: number, try reader.metadata(), creator: creator)
      return (directory, (try reader.number(), FileName(try reader.text())))
    }
  }

  /// Takes over the members of the program before. A file that the journal has as a name for a blob is replaced.
  func restore(
    directories: [(directory: IncomingInode, place: Place)], files: [(file: IncomingFile, place: Place?)]
  ) {
    state.withLock { state in
      for (directory, _) in directories { state.members[directory.number] = [:] }
      for (directory, place) in directories { Self.restore(.directory(directory), at: place, &state) }
      for (file, place) in files { if let place { Self.restore(.file(file), at: place, &state) } }
    }
  }

  private static func restore(_ member: Member, at place: Place, _ state: inout State) {
    guard state.members[place.parent] != nil else { return }
    if let old = state.places[member.number] { state.members[old.parent]?[old.name] = nil }
    if let old = state.members[place.parent]?[place.name] { state.places[old.number] = nil }
    state.members[place.parent]?[place.name] = member
    state.places[member.number] = place
  }
}
