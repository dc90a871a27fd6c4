import OCI

/// An argument that selects entries of the index: a name, or `@DIGEST` for those that have none.
enum EntrySelector {
  case name(ReferenceName)
  case unnamed(Digest)
}

/// Parses the selection of entries.
func parseEntry(_ argument: String) throws -> EntrySelector {
  if argument.utf8.first == UInt8(ascii: "@"), let digest = try? Digest(String(argument.dropFirst())) {
    return .unnamed(digest)
  }
  return .name(try parseKnownName(argument))
}
