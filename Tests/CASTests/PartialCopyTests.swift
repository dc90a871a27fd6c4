import CAS
import Foundation
import OCI
import TestSupport
import Testing

/// Copies of a part of an index, and names that a target cannot have.
@Suite(.boundedInTime)
struct PartialCopyTests {
  /// An index of an image for amd64, one for arm64 that is absent, one whose configuration has the platform, and an
  /// attestation.
  private func index(in store: TestStore) throws -> (root: Descriptor, images: [Descriptor], absent: Descriptor) {
    let images = Images(store)
    func manifest(_ system: String, _ architecture: String) throws -> Descriptor {
      let config = try images.put(
        "{\"os\":\"\(system)\",\"architecture\":\"\(architecture)\"}", as: "application/vnd.oci.image.config.v1+json")
      return try images.manifest(config, [images.put("layer \(architecture)")])
    }
    let first = try manifest("linux", "amd64").on("linux", "amd64")
    let absent = try Descriptor.sample(1).on("linux", "arm64", "v8")
    let unstated = try manifest("linux", "riscv64")
    let attestation = try images.manifest(images.put("{}"), [images.put("sbom")]).on("unknown", "unknown")
    let inner = try images.index([unstated])
    return (try images.index([first, absent, inner, attestation]), [first, unstated, attestation], absent)
  }

  @Test("N7: the image for a platform is found in an index, by its configuration too", arguments: StoreKind.sealable)
  func platform(_ kind: StoreKind) throws {
    try withStore(kind) { (made) throws in
      let (root, images, absent) = try index(in: made)
      try made.engine.putReference(root, named: ReferenceName("all"))
      let engine = try made.sealed().engine
      #expect(try engine.image(for: Platform("linux/amd64"), of: root) == images[0])
      #expect(try engine.image(for: Platform("linux/arm64"), of: root) == absent)
      #expect(try engine.image(for: Platform("linux/riscv64"), of: root) == images[1])
      #expect(try engine.image(for: Platform("linux/riscv64"), of: images[1]) == images[1])
      let arm = try Platform("linux/arm")
      let none = failure { () throws(CASError) in try engine.image(for: arm, of: root) }
      #expect(none?.code == .notFound)
      #expect(none?.description.contains("there is: linux/amd64, linux/arm64, linux/riscv64") == true, "\(none as Any)")
      let one = failure { () throws(CASError) in try engine.image(for: arm, of: images[1]) }
      #expect(one?.description.contains("there is: linux/riscv64") == true)
    }
  }

  @Test("N7: an entry for the platform is found among several with one name")
  func entries() throws {
    try withStore(.archive) { (store) throws in
      let images = Images(store)
      let (one, two) = (try images.manifest(images.put("1"), []), try images.manifest(images.put("2"), []))
      let name = try ReferenceName("a")
      let entries = try [one.on("linux", "amd64"), two.on("linux", "arm64")].map { $0.named(name).description }
      try store.writeIndex(entries.joined(separator: ","))
      let engine = try store.reopen()
      let found = try engine.image(for: Platform("linux/arm64"), named: name, engine.reference(named: name))
      #expect(found.digest == two.digest)
    }
  }

  @Test(
    "N7: a sparse copy takes what is stored of an index, whose bytes stay; collection and check accept it",
    arguments: StoreKind.sealable, StoreKind.all)
  func sparse(_ from: StoreKind, _ to: StoreKind) throws {
    try withStore(from) { (made) throws in
      try withStore(to) { (target) throws in
        let (root, _, absent) = try index(in: made)
        let stored = try made.digests()
        let source = try made.sealed().engine
        let name = try ReferenceName("copied")
        let refused = failure { () throws(CASError) in try source.copy(root, to: target.engine, named: name) }
        #expect(refused?.code == .notFound && refused?.subject == absent.digest.description)
        #expect(refused?.underlyingError is IncompleteIndexError)
        #expect(try target.digests().isEmpty)
        try source.copy(root, to: target.engine, named: name, options: CopyOptions(isSparse: true))
        #expect(try target.digests() == stored)
        #expect(try target.engine.reference(named: name) == root)
        #expect(try target.engine.collect() == [])
        var problems: [StoreProblem] = []
        try target.engine.check { problems.append($0) }
        #expect(problems.map(\.kind) == [.incomplete] && !problems.contains { $0.isDamage })
        // The image itself must be stored.
        let none = failure { () throws(CASError) in
          try source.copy(absent, to: target.engine, named: name, replacing: true, options: CopyOptions(isSparse: true))
        }
        #expect(none?.code == .notFound && none?.underlyingError == nil)
      }
    }
  }

  @Test("N6: a name that the target cannot have is refused before anything is copied", arguments: StoreKind.every)
  func names(_ kind: StoreKind) throws {
    try withStore(.archive) { (source) throws in
      try withStore(kind) { (target) throws in
        let images = Images(source)
        let image = try images.manifest(images.put("{}"), [])
        let unknown = kind.isRegistry ? ["a/b", "a:b", "with space"] : ["with space", "名前", "-a"]
        let tooLong = String(repeating: "a/", count: 200) + "a"
        for text in unknown + (kind.referenceFile.hasPrefix("refs/") ? [tooLong] : []) {
          let name = try ReferenceName(reading: text)
          let error = failure { () throws(CASError) in try source.engine.copy(image, to: target.engine, named: name) }
          #expect(error?.code == .invalid && error?.subject == text, "\(text): \(error as Any)")
          #expect(throws: CASError.self) { try target.engine.checkNewReference(named: name) }
        }
        #expect(try target.holds([]))
        for text in ["feature__x", "_a", "v1..2-"] {
          try source.engine.copy(image, to: target.engine, named: ReferenceName(text))
          #expect(try target.engine.reference(named: ReferenceName(text)) == image)
        }
      }
    }
  }

  @Test("N6: an existing name outside the grammar can be read, moved and replaced")
  func existing() throws {
    try withStore(.archive) { (store) throws in
      let images = Images(store)
      let (one, two) = (try images.manifest(images.put("1"), []), try images.manifest(images.put("2"), []))
      let name = try ReferenceName(reading: "with space")
      try store.writeIndex(one.named(name).description)
      let engine = try store.reopen()
      #expect(try engine.reference(named: name) == one)
      try engine.copy(two, to: engine, named: name, replacing: true)
      #expect(try engine.reference(named: name) == two)
      try engine.moveReference(named: name, to: ReferenceName("feature__x"), replacing: false, cancellation: .none)
      #expect(try engine.reference(named: ReferenceName("feature__x")) == two)
    }
  }
}

extension TestStore {
  /// Writes the index of a store in a directory.
  fileprivate func writeIndex(_ entries: String) throws {
    try Data("{\"schemaVersion\":2,\"manifests\":[\(entries)]}".utf8)
      .write(to: folder.appending(path: "store/index.json"))
  }
}

extension Descriptor {
  /// The descriptor with a platform, as an entry of an index.
  fileprivate func on(_ system: String, _ architecture: String, _ variant: String? = nil) throws(InvalidValue)
    -> Descriptor
  {
    guard case .object(let members) = json else { return self }
    var platform = [JSON.Member("os", .string(system)), JSON.Member("architecture", .string(architecture))]
    if let variant { platform.append(JSON.Member("variant", .string(variant))) }
    return try Descriptor(.object(members + [JSON.Member("platform", .object(platform))]))
  }
}
