/// The identity of an index entry among the entries of one index: its names and its digest.
///
/// `org.opencontainers.image.ref.name` alone is not an identity: BuildKit writes two entries of one such name and different
/// image names. Texts are compared by their bytes.
struct IndexEntryKey: Hashable, Sendable {
  /// The two annotations that name an entry.
  struct Name: Hashable, Sendable {
    /// The bytes of ``Descriptor/referenceNameKey``.
    var reference: [UInt8]?
    /// The bytes of ``Descriptor/imageNameKey``.
    var image: [UInt8]?
  }

  /// `nil` for an entry without a name.
  var name: Name?
  /// The digest as the entry has it; the whole entry, if it has none.
  var digest: [UInt8]

  /// Reads the identity of an entry, which need not be a descriptor.
  init(_ entry: JSON) {
    let annotations = entry["annotations"]
    let reference = annotations?[Descriptor.referenceNameKey]?.text
    let image = annotations?[Descriptor.imageNameKey]?.text
    if reference != nil || image != nil {
      name = Name(reference: reference.map { Array($0.utf8) }, image: image.map { Array($0.utf8) })
    }
    digest = entry["digest"]?.text.map { Array($0.utf8) } ?? entry.canonical.serialized
  }
}
