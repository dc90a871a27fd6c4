import CAS
import Foundation
import OCI
import TestSupport
import Testing

/// Stores with several images of one short name, as `docker save` and `ctr image export` write them.
@Suite(.boundedInTime)
struct SharedNameTests {
  /// Two images, `docker.io/library/alpha:latest` and `…/beta:latest`, which share the name `latest`, and all digests.
  private struct Pair {
    let alpha: Descriptor
    let beta: Descriptor
    let (wholeAlpha, wholeBeta): (ReferenceName, ReferenceName)
    let latest: ReferenceName

    init(_ store: TestStore) throws {
      let images = Images(store)
      (wholeAlpha, wholeBeta) = (
        try ReferenceName("docker.io/library/alpha:latest"), try ReferenceName("docker.io/library/beta:latest")
      )
      latest = try ReferenceName("latest")
      alpha = try images.manifest(images.put("config a"), [images.put("layer a")]).imageNamed(wholeAlpha)
      beta = try images.manifest(images.put("config b"), [images.put("layer b")]).imageNamed(wholeBeta)
      if store.kind.isDirectory {
        let entries = [alpha.named(latest).description, beta.named(latest).description]
        try Data("{\"schemaVersion\":2,\"manifests\":[\(entries.joined(separator: ","))]}".utf8)
          .write(to: store.folder.appending(path: "store/index.json"))
      } else {
        // Memory has no file to write the index to.
        try store.engine.putReference(beta, named: latest)
        try store.engine.moveReference(named: latest, to: wholeBeta, replacing: true, cancellation: .none)
        try store.engine.putReference(alpha, named: latest)
      }
    }
  }

  static let kinds = StoreKind.all.filter { !$0.testDescription.hasPrefix("refs") }

  @Test("G2: images that share a short name are all found by their whole names", arguments: kinds + [StoreKind.archive])
  func found(_ kind: StoreKind) throws {
    try withStore(kind) { (written) throws in
      let pair = try Pair(written)
      let engine = try written.sealed().engine
      #expect(try engine.reference(named: pair.latest) == pair.alpha)
      #expect(try engine.reference(named: pair.wholeAlpha) == pair.alpha)
      #expect(try engine.reference(named: pair.wholeBeta) == pair.beta)
      let names = try Set(engine.listReferences().map(\.name))
      #expect(names.isSuperset(of: [pair.latest, pair.wholeBeta]))
      var problems: [StoreProblem] = []
      try engine.check { problems.append($0) }
      #expect(problems == [])
      try withStore(.all[0]) { (target) throws in
        try engine.copy(pair.beta, to: target.engine, named: pair.wholeBeta)
        #expect(try target.digests().count == 3)
      }
    }
  }

  @Test("G2: a change of one name keeps the image of another whole name", arguments: kinds)
  func kept(_ kind: StoreKind) throws {
    let changes: [(any Engine, Pair) throws -> Void] = [
      { try $0.deleteReference(named: $1.latest) },
      { try $0.moveReference(named: $1.latest, to: ReferenceName("x"), replacing: true, cancellation: .none) },
      {
        let other = try $0.descriptor(for: $0.putBlob(Array("other".utf8)).digest)
        try $0.putReference(other, named: $1.latest, replacing: true, cancellation: .none)
      },
      { try $0.deleteReference(named: $1.wholeAlpha) },
    ]
    for change in changes {
      try withStore(kind) { (store) throws in
        let pair = try Pair(store)
        try change(store.engine, pair)
        _ = try store.engine.collect(allowsEmptyIndex: false)
        #expect(try store.engine.reference(named: pair.wholeBeta) == pair.beta)
        #expect(try store.digests().contains(pair.beta.digest))
        #expect(try store.engine.reachableDigests().isSuperset(of: [pair.beta.digest]))
      }
    }
  }

  @Test(
    "G2: the short name stands for the next entry that has it, once the first has lost it",
    arguments: [StoreKind.all[1]])
  func next(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let pair = try Pair(store)
      try store.engine.deleteReference(named: pair.latest)
      #expect(try store.engine.reference(named: pair.latest) == pair.beta)
      #expect(try store.engine.reference(named: pair.wholeAlpha) == pair.alpha)
      #expect(try store.engine.listReferences().map(\.name) == [pair.wholeAlpha, pair.latest, pair.wholeBeta])
      // The same again, as a script may do it, loses no image.
      try store.engine.deleteReference(named: pair.latest)
      #expect(try store.engine.listReferences().map(\.name) == [pair.wholeAlpha, pair.wholeBeta])
      for name in [pair.latest, pair.wholeAlpha, pair.wholeBeta] { try store.engine.deleteReference(named: name) }
      #expect(try store.engine.index().entries.isEmpty)
    }
  }
}
