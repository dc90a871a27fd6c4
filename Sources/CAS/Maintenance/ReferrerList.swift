package import OCI

/// The list of a manifest's referrers that is kept as an index under a tag, where a store has no list of its own
/// (distribution-spec, "Referrers Tag Schema"). Other tools keep it in image layouts in the same way.
package struct ReferrerList {
  /// The content of the index, and the descriptors in it.
  private let content: JSON
  /// The listed referrers.
  package let referrers: [Descriptor]

  /// A list without referrers.
  package init() {
    content = ImageIndex.document(listing: [])
    referrers = []
  }

  /// Reads the index.
  ///
  /// - Throws: `InvalidValue` if it is not an index.
  package init(parsing text: [UInt8]) throws(InvalidValue) {
    content = try JSON(parsing: text)
    guard content["manifests"] != nil else { throw InvalidValue("not an index: no manifests") }
    referrers = try Manifest(content, mediaType: MediaType.imageIndex).manifests
  }

  /// The tag of the list for a manifest: algorithm and digits, joined by `-`, in at most 64 digits.
  package static func tag(of subject: Digest) throws(InvalidValue) -> ReferenceName {
    try ReferenceName("\(subject.algorithm.rawValue)-\(subject.hex.prefix(64))")
  }

  /// Returns the text of the index with a further referrer; `nil` if it has it.
  package func adding(_ referrer: Descriptor) -> [UInt8]? {
    guard !referrers.contains(where: { $0.digest == referrer.digest }), case .object(var members) = content else {
      return nil
    }
    let list = JSON.array((referrers + [referrer]).map(\.json))
    if let position = members.firstIndex(where: { $0.name.sameBytes(as: "manifests") }) {
      members[position].value = list
    } else {
      members.append(JSON.Member("manifests", list))
    }
    return JSON.object(members).serialized
  }
}

extension Descriptor {
  /// Returns the descriptor of a manifest as lists of referrers have it, with the type of the artifact and the annotations of
  /// the manifest (distribution-spec, "Listing Referrers"), and its subject; `nil` if it has no subject.
  package static func referrer(
    _ descriptor: Descriptor, content: JSON
  ) -> (descriptor: Descriptor, subject: Digest)? {
    guard let subject = content["subject"].flatMap({ try? Descriptor($0) })?.digest else { return nil }
    let plain = Descriptor(mediaType: descriptor.mediaType, digest: descriptor.digest, size: descriptor.size)
    guard case .object(var members) = plain.json else { return nil }
    let types = [content["artifactType"]?.text, content["config"]?["mediaType"]?.text]
    if let type = types.lazy.compactMap({ $0 }).first(where: { !$0.isEmpty }) {
      members.append(JSON.Member("artifactType", .string(type)))
    }
    if case .object(let annotations)? = content["annotations"], !annotations.isEmpty {
      members.append(JSON.Member("annotations", .object(annotations)))
    }
    return (try? Descriptor(.object(members))).map { ($0.named(nil).imageNamed(nil), subject) }
  }
}
