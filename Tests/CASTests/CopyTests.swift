import CAS
import CASMemory
import CASPlatform
import Foundation
import OCI
import SystemPackage
import TestSupport
import Testing

@Suite(.boundedInTime)
struct CopyTests {
  /// The error that ends a copy half way.
  private static let stop = CASError(.cancelled, operation: "test", subject: "test", cause: "enough")

  /// An index of two images that share a layer, one of them in an index of its own and with a subject.
  private func image(
    in store: TestStore, as mediaType: String = MediaType.dockerManifestList
  ) throws -> (root: Descriptor, manifests: [Descriptor: [Descriptor]]) {
    let images = Images(store)
    let layers = try (0..<3).map { try images.put(String(repeating: "layer \($0)", count: 300_000)) }
    let config = try images.put("{}", as: "application/vnd.oci.image.config.v1+json")
    let one = try images.manifest(config, [layers[0], layers[1]])
    let subject = try images.manifest(config, [])
    let two = try images.manifest(config, [layers[1], layers[2]], subject: subject)
    let inner = try images.index([two])
    // The inner index comes first, and its image is found again here.
    let root = try images.index([inner, one, two], as: mediaType)
    try images.tag(root, "all")
    _ = try images.put("nothing refers to this")
    return (
      root,
      [
        one: [config, layers[0], layers[1]], subject: [config], two: [config, layers[1], layers[2], subject],
        inner: [two], root: [inner, one, two],
      ]
    )
  }

  @Test(
    "E4, E8: an image is copied between stores of all kinds, children first and the name last",
    arguments: StoreKind.readable, StoreKind.every)
  func copies(_ from: StoreKind, _ to: StoreKind) throws {
    try withStore(from) { (made) throws in
      try withStore(to) { (target) throws in
        // Registries recognise an OCI index by its content.
        let isPushed = from.isRegistry || to.isRegistry
        let (root, manifests) = try image(
          in: made, as: isPushed ? MediaType.imageIndex : MediaType.dockerManifestList)
        let source = try made.sealed()
        let name = try ReferenceName("copied")
        var told: [CopyProgress] = []
        try source.engine.copy(root, to: target.engine, named: name) { (progress) throws(CASError) in
          told.append(progress)
          #expect((try? target.engine.reference(named: name)) == nil)
          for (manifest, children) in manifests where (try? target.engine.blobInfo(manifest.digest)) != nil {
            for child in children { _ = try target.engine.blobInfo(child.digest) }
          }
        }
        #expect(try target.engine.reference(named: name) == root)
        let expected = Set(manifests.keys.map(\.digest) + manifests.values.joined().map(\.digest))
        #expect(try Set(target.digests()) == expected)
        let total = try expected.reduce(0) { try $0 + source.engine.blobInfo($1).size }
        #expect(told.last == CopyProgress(done: total, total: total))
        #expect(zip(told, told.dropFirst()).allSatisfy { $0.done <= $1.done })
        var problems: [StoreProblem] = []
        try target.engine.check { problems.append($0) }
        #expect(problems.isEmpty)
        // A repeated copy copies nothing.
        try source.engine.copy(root, to: target.engine, named: name)
      }
    }
  }

  @Test("E4: a repeated copy continues an interrupted one, and copies nothing twice")
  func resumes() throws {
    try withStore(.archive) { (made) throws in
      let (root, manifests) = try image(in: made)
      let source = try made.sealed().engine
      let name = try ReferenceName("copied")
      for kind in StoreKind.directories {
        try withStore(kind) { (target) throws in
          var steps = 0
          while true {
            var left = steps
            let before = try target.digests().map { try (target.file($0).path, inode(target.file($0))) }
            let error = failure { () throws(CASError) in
              try source.copy(root, to: target.engine, named: name) { (_) throws(CASError) in
                if left == 0 { throw Self.stop }
                left -= 1
              }
            }
            for (path, number) in before { #expect(try inode(URL(filePath: path)) == number) }
            if error == nil { break }
            #expect(error == Self.stop)
            #expect((try? target.engine.reference(named: name)) == nil)
            steps += 3
          }
          #expect(steps > manifests.count)
          var problems: [StoreProblem] = []
          try target.engine.check { problems.append($0) }
          #expect(problems.isEmpty)
        }
      }
    }
  }

  private func inode(_ file: URL) throws -> UInt64 {
    try OpenFile.open(path: file.path, .readOnly).status().identity.inode
  }

  @Test("E4: a missing blob is named and nothing copied; a blob that may be absent is skipped")
  func missing() throws {
    try withStore(.archive) { (source) throws in
      let images = Images(source)
      let name = try ReferenceName("copied")
      let absent = try Descriptor.sample(1, mediaType: "a/b")
      let config = try images.put("{}")
      let broken = try images.manifest(config, [absent])
      let lying = Descriptor(mediaType: "a/b", digest: config.digest, size: 7)
      let wrong = try images.manifest(config, [lying])
      let attached = try images.manifest(config, [], subject: Descriptor.sample(2))
      let target = try MemoryDriver().create("mem:", options: CreateOptions())
      let error = failure { () throws(CASError) in try source.engine.copy(broken, to: target, named: name) }
      #expect(error?.code == .notFound)
      #expect(error?.description.contains("\(absent.digest): not stored: a layer of \(broken.digest)") == true)
      let size = failure { () throws(CASError) in try source.engine.copy(wrong, to: target, named: name) }
      #expect(size?.code == .mismatch && size?.description.contains(config.digest.description) == true)
      let root = failure { () throws(CASError) in try source.engine.copy(absent, to: target, named: name) }
      #expect(root?.code == .notFound && root?.subject == absent.digest.description)
      #expect(try target.listBlobs().nextBatch().isEmpty && target.listReferences().isEmpty)
      try source.engine.copy(attached, to: target, named: name)
      #expect(try Set(target.listBlobs().nextBatch()) == [config.digest, attached.digest])
    }
  }

  @Test(
    "E8, V2: a taken name is rejected before anything is copied; corrupt content is not copied, and healed at the target"
  )
  func refuses() throws {
    try withStore(.archive) { (source) throws in
      try withStore(.archive) { (target) throws in
        let images = Images(source)
        let name = try ReferenceName("copied")
        let layer = try images.put("layer")
        let root = try images.manifest(layer, [])
        try target.engine.putReference(Descriptor.sample(1), named: name)
        let taken = failure { () throws(CASError) in try source.engine.copy(root, to: target.engine, named: name) }
        #expect(taken?.code == .clobber)
        #expect(try target.digests().isEmpty)
        try source.engine.copy(root, to: target.engine, named: name, replacing: true)
        #expect(try target.engine.reference(named: name) == root)
        try target.corrupt(layer.digest)
        try source.engine.copy(root, to: target.engine, named: name)
        #expect(try target.engine.blobContents(layer.digest, limit: 5) == Array("layer".utf8))
        try source.corrupt(layer.digest, with: Array("LAYER".utf8))
        let empty = try MemoryDriver().create("mem:", options: CreateOptions())
        let corrupt = failure { () throws(CASError) in try source.engine.copy(root, to: empty, named: name) }
        #expect(corrupt?.code == .corrupt)
        let actual = try Digest.of(Array("LAYER".utf8))
        #expect(corrupt?.corruption == CASError.Corruption(expected: layer.digest, actual: actual))
        #expect(try empty.listBlobs().nextBatch().isEmpty && empty.listReferences().isEmpty)
        let sealed = try source.reopen(OpenOptions(isReadOnly: true))
        let readOnly = failure { () throws(CASError) in try target.engine.copy(root, to: sealed, named: name) }
        #expect(readOnly?.code == .io(.readOnlyFileSystem))
      }
    }
  }

  @Test(
    "D8: a blob that the target's garbage collection removes during a copy is copied again", arguments: StoreKind.all)
  func collected(_ kind: StoreKind) throws {
    try withStore(.archive) { (source) throws in
      try withStore(kind) { (target) throws in
        let images = Images(source)
        let layer = try images.put("layer")
        let root = try images.manifest(layer, [])
        _ = try target.engine.putBlob(Array("layer".utf8))
        try source.engine.copy(root, to: target.engine, named: ReferenceName("copied")) { (progress) throws(CASError) in
          if progress.done == progress.total { try target.engine.deleteBlob(layer.digest) }
        }
        #expect(try target.digests() == [layer.digest, root.digest].sorted())
      }
    }
  }
}
