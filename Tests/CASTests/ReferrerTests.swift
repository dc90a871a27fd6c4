import CAS
import OCI
import TestSupport
import Testing

/// Referrers of an image: manifests with its digest as their subject, and Cosign's tags.
@Suite(.boundedInTime)
struct ReferrerTests {
  /// An image, and what refers to it.
  private struct Signed {
    var image: Descriptor
    /// A signature of the image, and a note on the signature.
    var chain: [Descriptor]
    /// Cosign's signature.
    var tag: Reference

    init(in store: TestStore) throws {
      let images = Images(store)
      image = try images.manifest(images.put("{\"os\":\"linux\"}"), [images.put("layer")])
      let signature = try Self.artifact("x/signature", of: image, images)
      chain = [signature, try Self.artifact("x/note", of: signature, images)]
      let cosign = try images.manifest(images.put("{\"cosign\":1}"), [images.put("cosign")])
      tag = Reference(name: try ReferenceName("sha256-\(image.digest.hex).sig"), descriptor: cosign)
      try store.engine.putReference(image, named: ReferenceName("v1"))
      try store.engine.putReference(cosign, named: tag.name)
    }

    private static func artifact(_ type: String, of subject: Descriptor, _ images: Images) throws -> Descriptor {
      let config = try images.put("{}", as: "application/vnd.oci.empty.v1+json")
      return try images.put(
        """
        {"schemaVersion":2,"mediaType":"\(MediaType.imageManifest)","artifactType":"\(type)","config":\(config),\
        "layers":[\(images.put("content of \(type)"))],"subject":\(subject),"annotations":{"made":"here"}}
        """, as: MediaType.imageManifest)
    }
  }

  @Test(
    "N7: referrers and Cosign's tags are copied, with their own referrers, between stores of all kinds",
    arguments: StoreKind.readable, StoreKind.every)
  func copies(_ from: StoreKind, _ to: StoreKind) throws {
    try withStore(from) { (made) throws in
      try withStore(to) { (target) throws in
        let signed = try Signed(in: made)
        try made.engine.putReferrer(signed.chain[0], of: signed.image.digest)
        try made.engine.putReferrer(signed.chain[1], of: signed.chain[0].digest)
        let source = try made.sealed().engine
        let name = try ReferenceName("copied")
        try source.copy(signed.image, to: target.engine, named: name)
        #expect(try target.engine.referrers(of: signed.image.digest).isEmpty)
        let options = CopyOptions(includesReferrers: true)
        // A repeated copy adds nothing.
        for _ in 0..<2 {
          try source.copy(signed.image, to: target.engine, named: name, options: options)
          let first = try target.engine.referrers(of: signed.image.digest)
          #expect(first.map(\.digest) == [signed.chain[0].digest])
          #expect(first.first?.json["artifactType"]?.text == "x/signature")
          #expect(first.first?.annotation("made") == "here")
          #expect(try target.engine.referrers(of: signed.chain[0].digest).map(\.digest) == [signed.chain[1].digest])
          #expect(try target.engine.referrers(of: signed.image.digest, artifactType: "x/note").isEmpty)
          #expect(try target.engine.reference(named: signed.tag.name) == signed.tag.descriptor)
        }
        var problems: [StoreProblem] = []
        try target.engine.check { problems.append($0) }
        #expect(problems.isEmpty)
        if !to.isRegistry {
          let kept = try target.digests()
          let removed = try target.engine.collect()
          #expect(!removed.contains(signed.chain[1].digest))
          #expect(try target.engine.referrers(of: signed.image.digest).count == 1)
          // The first list is garbage, where the second copy had to make another.
          #expect(removed.count <= 1 && kept.count >= 10)
        }
      }
    }
  }

  @Test("N7: a failed copy leaves no reference, and a taken tag is refused before anything is copied")
  func refused() throws {
    try withStore(.archive) { (source) throws in
      try withStore(.archive) { (target) throws in
        let signed = try Signed(in: source)
        let name = try ReferenceName("copied")
        let options = CopyOptions(includesReferrers: true)
        let stop = CASError(.cancelled, operation: "test", subject: "test", cause: "enough")
        let stopped = failure { () throws(CASError) in
          try source.engine.copy(signed.image, to: target.engine, named: name, options: options) {
            (progress) throws(CASError) in if progress.done == progress.total { throw stop }
          }
        }
        #expect(stopped == stop)
        #expect(try target.engine.listReferences().isEmpty)
        _ = try target.engine.collectGarbage(GarbageOptions(grace: .zero, allowsEmptyIndex: true))
        try target.engine.putReference(Descriptor.sample(1), named: signed.tag.name)
        let taken = failure { () throws(CASError) in
          try source.engine.copy(signed.image, to: target.engine, named: name, options: options)
        }
        #expect(taken?.code == .clobber && taken?.subject == signed.tag.name.description)
        #expect(try target.digests().isEmpty)
        try source.engine.copy(signed.image, to: target.engine, named: name, replacing: true, options: options)
        #expect(try target.engine.reference(named: signed.tag.name) == signed.tag.descriptor)
      }
    }
  }

  @Test("N7, D8: garbage collection keeps what refers to what it keeps, and only that", arguments: StoreKind.all)
  func kept(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let signed = try Signed(in: store)
      // No entry of the index leads to the referrers.
      #expect(try store.engine.referrers(of: signed.image.digest).map(\.digest) == [signed.chain[0].digest])
      _ = try Images(store).put("{\"subject\":1}")
      #expect(try store.engine.collect().count == 1)
      #expect(try store.engine.referrers(of: signed.chain[0].digest).map(\.digest) == [signed.chain[1].digest])
      try store.engine.deleteReference(named: ReferenceName("v1"))
      let removed = try store.engine.collect()
      #expect(Set(removed).isSuperset(of: (signed.chain + [signed.image]).map(\.digest)))
      #expect(try store.engine.blobInfo(signed.tag.descriptor.digest).size > 0)
    }
  }

  @Test("N7: each referrer of one subject is listed", arguments: StoreKind.every)
  func several(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let signed = try Signed(in: store)
      let images = Images(store)
      let others = try (0..<3).map { (number) in
        try images.put(
          "{\"schemaVersion\":2,\"mediaType\":\"\(MediaType.imageManifest)\",\"config\":\(images.put("{}")),"
            + "\"layers\":[],\"subject\":\(signed.image),\"annotations\":{\"n\":\"\(number)\"}}",
          as: MediaType.imageManifest)
      }
      for other in others { try store.engine.putReferrer(other, of: signed.image.digest) }
      let found = try Set(store.engine.referrers(of: signed.image.digest).map(\.digest))
      #expect(found.isSuperset(of: others.map(\.digest)))
    }
  }

  @Test(
    "F9: a catalog finds the referrers of a manifest and Cosign's tags in stores of every kind",
    arguments: StoreKind.readable)
  func catalog(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let signed = try Signed(in: store)
      try store.engine.putReferrer(signed.chain[0], of: signed.image.digest)
      try store.engine.putReferrer(signed.chain[1], of: signed.chain[0].digest)
      let catalog = ReferrerCatalog(try store.sealed().engine)
      let found = try catalog.referrers(of: signed.image.digest, cancellation: .none)
      #expect(Set(found.all.map(\.digest)) == [signed.chain[0].digest, signed.tag.descriptor.digest])
      #expect(found.all.count == 2)
      #expect(found[signed.chain[0].digest]?.json["artifactType"]?.text == "x/signature")
      #expect(found[signed.image.digest] == nil)
      let next = try catalog.referrers(of: signed.chain[0].digest, cancellation: .none)
      #expect(next.all.map(\.digest) == [signed.chain[1].digest])
      #expect(try catalog.referrers(of: signed.chain[1].digest, cancellation: .none).all.isEmpty)
    }
  }
}
