import OCI
import Testing

/// Entries that share a short name, as `docker save` and `ctr image export` write them.
@Suite
struct NamedEntryTests {
  private static let alpha = "docker.io/library/alpha:latest"
  private static let beta = "docker.io/library/beta:latest"

  /// An entry of a short name, a whole name, or both.
  private static func entry(_ name: String?, _ imageName: String?, size: Int, platform: String? = nil) throws -> String
  {
    let digest = "sha256:" + String(repeating: "b2", count: 32)
    let descriptor = Descriptor(mediaType: "a/b", digest: try Digest(digest), size: Int64(size))
      .imageNamed(try imageName.map { try ReferenceName(reading: $0) })
      .named(try name.map { try ReferenceName(reading: $0) })
    guard let platform else { return descriptor.description }
    return descriptor.description.dropLast() + ",\"platform\":{\"os\":\"linux\",\"architecture\":\"\(platform)\"}}"
  }

  private func index(_ entries: String...) throws -> ImageIndex {
    try ImageIndex(parsing: Array("{\"schemaVersion\":2,\"manifests\":[\(entries.joined(separator: ","))]}".utf8))
  }

  /// The listed names, and the sizes that they stand for.
  private func listed(_ index: ImageIndex) -> [String] {
    index.namedEntries.filter(\.isListed).map { (named) in
      "\(named.name) \((try? index.entries[named.position].descriptor.get().size) ?? -1)"
    }
  }

  /// The short names, whole names and sizes of all entries.
  private func all(_ content: [UInt8]?) throws -> [String] {
    try ImageIndex(parsing: #require(content)).entries.map { (entry) in
      "\(entry.name?.description ?? "-") \(entry.imageName?.description ?? "-") \(try entry.descriptor.get().size)"
    }
  }

  private func size(_ index: ImageIndex, _ name: String) throws -> Int64? {
    try index.entry(named: ReferenceName(reading: name))?.descriptor.get().size
  }

  private func name(_ text: String) throws -> ReferenceName { try ReferenceName(reading: text) }

  @Test("G2: the first entry of a short name has it, and each has its whole name")
  func names() throws {
    let two = try index(Self.entry("latest", Self.alpha, size: 1), Self.entry("latest", Self.beta, size: 2))
    #expect(listed(two) == ["latest 1", "\(Self.alpha) 1", "\(Self.beta) 2"])
    for (name, expected) in [("latest", 1), (Self.alpha, 1), (Self.beta, 2)] {
      #expect(try size(two, name) == Int64(expected))
    }
    // One image is listed by its short name alone, and found by both.
    let one = try index(Self.entry("latest", Self.alpha, size: 1))
    #expect(listed(one) == ["latest 1"])
    #expect(try size(one, Self.alpha) == 1)
    // An image that was saved by its digest, or retagged by skopeo, has its whole name alone.
    #expect(try listed(index(Self.entry(nil, Self.alpha, size: 1))) == ["\(Self.alpha) 1"])
    // Where one of two has a whole name, that one is found by it.
    let after = try index(Self.entry("latest", nil, size: 1), Self.entry("latest", Self.beta, size: 2))
    #expect(listed(after) == ["latest 1", "\(Self.beta) 2"])
    let before = try index(Self.entry("latest", Self.alpha, size: 1), Self.entry("latest", nil, size: 2))
    #expect(listed(before) == ["latest 1", "\(Self.alpha) 1"])
    // A short name, which may be a whole one as podman writes it, comes before a whole name.
    let podman = try index(Self.entry("latest", Self.alpha, size: 1), Self.entry(Self.alpha, nil, size: 2))
    #expect(listed(podman) == ["latest 1", "\(Self.alpha) 2"])
    #expect(try size(podman, Self.alpha) == 2)
    // An unsafe whole name is ignored.
    let hostile = try index(
      Self.entry("latest", nil, size: 1).replacing("latest\"", with: "latest\",\"\(Descriptor.imageNameKey)\":\"../x\"")
    )
    #expect(listed(hostile) == ["latest 1"] && hostile.entries[0].imageName == nil)
  }

  @Test("G2: an entry stays while lists show another name of it, and goes with the last one")
  func changes() throws {
    let entries = try [
      Self.entry("latest", Self.alpha, size: 1), Self.entry("latest", Self.beta, size: 2),
      Self.entry("latest", nil, size: 3),
    ]
    let three = try index(entries[0], entries[1], entries[2])
    let (alpha, beta, last) = ("latest \(Self.alpha) 1", "latest \(Self.beta) 2", "latest - 3")
    #expect(try all(three.removing(name("latest"))) == ["- \(Self.alpha) 1", beta, last])
    #expect(try all(three.removing(name(Self.alpha))) == ["latest - 1", beta, last])
    #expect(try all(three.removing(name(Self.beta))) == [alpha, last])
    #expect(try three.removing(name("new")) == nil)
    let new = try descriptor(size: 9)
    #expect(try all(three.setting(new, named: name("latest"))) == ["latest - 9", "- \(Self.alpha) 1", beta, last])
    #expect(try all(three.setting(new, named: name(Self.alpha))) == ["\(Self.alpha) - 9", "latest - 1", beta, last])
    #expect(try all(three.setting(new, named: name(Self.beta))) == [alpha, "latest \(Self.beta) 9", last])
    #expect(try all(three.setting(new, named: name("new"))) == [alpha, beta, last, "new - 9"])
    #expect(try all(three.moving(name("latest"), to: name("new"))) == ["new \(Self.alpha) 1", beta, last])
    #expect(try all(three.moving(name(Self.alpha), to: name("new"))) == ["new - 1", "latest - 1", beta, last])
    #expect(try all(three.moving(name(Self.beta), to: name("new"))) == [alpha, "new - 2", last])
    #expect(try all(three.moving(name("latest"), to: name(Self.beta))) == ["\(Self.beta) \(Self.alpha) 1", last])
    #expect(try all(three.moving(name("latest"), to: name(Self.alpha))) == ["- \(Self.alpha) 1", beta, last])
    #expect(try all(three.moving(name(Self.beta), to: name("latest"))) == ["latest - 2", "- \(Self.alpha) 1", last])
    // The bytes of the others stay.
    let text = String(decoding: try #require(try three.removing(name("latest"))), as: UTF8.self)
    #expect(text.contains(entries[1]) && text.contains(entries[2]))
    // The whole name of one image is not listed, so the image goes with its short name.
    let one = try index(entries[0])
    #expect(try all(one.removing(name("latest"))) == [])
    #expect(try all(one.removing(name(Self.alpha))) == ["latest - 1"])
    #expect(try all(one.setting(new, named: name("latest"))) == ["latest - 9"])
    #expect(try all(one.setting(new, named: name(Self.alpha))) == ["\(Self.alpha) - 9", "latest - 1"])
  }

  @Test("G2: a descriptor that is put with the whole name of an image replaces that image, and no other")
  func wholeNames() throws {
    let two = try index(Self.entry("latest", Self.alpha, size: 1), Self.entry("latest", Self.beta, size: 2))
    let newer = try descriptor(size: 9).imageNamed(name(Self.alpha))
    #expect(try all(two.setting(newer, named: name("latest"))) == ["latest \(Self.alpha) 9", "latest \(Self.beta) 2"])
    let other = try descriptor(size: 9).imageNamed(name(Self.beta))
    #expect(
      try all(two.setting(other, named: name("latest")))
        == ["latest - 9", "- \(Self.alpha) 1", "latest \(Self.beta) 2"])
    #expect(
      try all(two.setting(other, named: name("new")))
        == ["latest \(Self.alpha) 1", "latest \(Self.beta) 2", "new - 9"])
  }

  @Test("G2, D5: entries of one name for several platforms are several images, and stay when the first is changed")
  func platforms() throws {
    let index = try index(
      Self.entry("v1", nil, size: 1, platform: "amd64"), Self.entry("other", nil, size: 7),
      Self.entry("v1", nil, size: 2, platform: "arm64"))
    #expect(try all(index.removing(name("v1"))) == ["other - 7", "v1 - 2"])
    #expect(try all(index.setting(descriptor(size: 9), named: name("v1"))) == ["v1 - 9", "other - 7", "v1 - 2"])
    #expect(try all(index.moving(name("v1"), to: name("v2"))) == ["v2 - 1", "other - 7", "v1 - 2"])
    #expect(try all(index.moving(name("v1"), to: name("other"))) == ["other - 1", "v1 - 2"])
    #expect(try all(index.moving(name("other"), to: name("v1"))) == ["v1 - 7", "v1 - 2"])
  }

  @Test(
    "G2, D5: an annotation or type of artifact tells entries of one name apart, unless it describes the content",
    arguments: [
      ("\"annotations\":{", "\"annotations\":{\"kind\":\"dev.cosignproject.cosign/sigs\",", true),
      ("\"annotations\":{", "\"artifactType\":\"a/signature\",\"annotations\":{", true),
      ("\"annotations\":{", "\"platform\":null,\"annotations\":{", false),
      ("\"annotations\":{", "\"annotations\":{\"org.opencontainers.image.created\":\"2026-01-01T00:00:00Z\",", false),
    ])
  func traits(_ text: String, _ replacement: String, _ isOther: Bool) throws {
    let entry = try Self.entry("v1", nil, size: 2).replacing(text, with: replacement)
    let two = try index(Self.entry("v1", nil, size: 1), entry)
    #expect(try all(two.removing(name("v1"))) == (isOther ? ["v1 - 2"] : []))
    #expect(try all(two.moving(name("v1"), to: name("v2"))) == ["v2 - 1", isOther ? "v1 - 2" : "v2 - 2"])
    #expect(
      try all(two.setting(descriptor(size: 9), named: name("v1"))) == ["v1 - 9"] + (isOther ? ["v1 - 2"] : []))
  }

  /// Every index of two entries, and of three that have a short name.
  private static let indexes: [[(String?, String?)]] = {
    let any = [nil, "a", "b"].flatMap { (short: String?) in [nil, "a", "c", "d"].map { (short, $0) } }
    let named = ["a", "b"].flatMap { (short: String?) in [nil, "c", "d"].map { (short, $0) } }
    return any.flatMap { (first) in any.map { [first, $0] } }
      + named.flatMap { (first) in named.flatMap { (second) in named.map { [first, second, $0] } } }
  }()

  @Test("G2: a change of a name changes nothing of another listed name, whatever names the entries have")
  func exhaustive() throws {
    let names = try ["a", "b", "c", "d"].map { try name($0) }
    let new = try descriptor(size: 9)
    for entries in Self.indexes {
      let texts = try entries.enumerated().map { try Self.entry($1.0, $1.1, size: $0) }
      let before = try ImageIndex(
        parsing: Array("{\"schemaVersion\":2,\"manifests\":[\(texts.joined(separator: ","))]}".utf8))
      for first in names {
        try check(before, before.removing(first), [first], "\(entries): remove \(first)")
        // A descriptor with a whole name is put under both.
        for (descriptor, changed) in [(new, [first]), (new.imageNamed(names[2]), [first, names[2]])] {
          let after = try check(
            before, before.setting(descriptor, named: first), changed, "\(entries): set \(first)")
          #expect(after?.entry(named: first).flatMap { try? $0.descriptor.get() } == new, "\(entries): set \(first)")
        }
        for second in names where second != first {
          let after = try check(
            before, before.moving(first, to: second), [first, second], "\(entries): move \(first) to \(second)")
          #expect(after == nil || size(after, second) == size(before, first), "\(entries): move \(first) to \(second)")
        }
      }
    }
  }

  /// Checks an index after a change of names: other listed names are as before, and an entry that is gone had no other.
  @discardableResult private func check(
    _ before: ImageIndex, _ content: [UInt8]?, _ changed: [ReferenceName], _ comment: String
  ) throws -> ImageIndex? {
    guard let content else { return nil }
    let after = try ImageIndex(parsing: content)
    let others = before.namedEntries.filter { $0.isListed && !changed.contains($0.name) }
    for other in others {
      #expect(size(after, other.name) == size(before, other.name), "\(comment): \(other.name)")
    }
    let (left, concerned) = (sizes(after.entries), sizes(changed.flatMap { before.entries(changedBy: $0) }))
    let keptByName = sizes(others.map { before.entries[$0.position] })
    for size in sizes(before.entries).subtracting(left) {
      #expect(concerned.contains(size) && !keptByName.contains(size), "\(comment): entry \(size) is gone")
    }
    return after
  }

  private func sizes(_ entries: some Sequence<ImageIndex.Entry>) -> Set<Int64> {
    Set(entries.compactMap { try? $0.descriptor.get().size })
  }

  private func size(_ index: ImageIndex?, _ name: ReferenceName) -> Int64? {
    (try? index?.entry(named: name)?.descriptor.get())?.size
  }

  private func descriptor(size: Int64) throws -> Descriptor {
    Descriptor(mediaType: "a/b", digest: try Digest("sha256:" + String(repeating: "c3", count: 32)), size: size)
  }
}
