import CAS
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import StoreTree

/// The referrers of an image, below `images/NAME/referrers`.
@Suite("images: referrers") struct ReferrersDirectoryTests {
  private func put(_ tree: TestTree, _ text: String, _ mediaType: String = MediaType.imageManifest) throws -> Descriptor
  {
    Descriptor(mediaType: mediaType, digest: try tree.put(text), size: Int64(text.utf8.count))
  }

  private func manifest(_ tree: TestTree, of subject: Descriptor? = nil, _ content: String) throws -> Descriptor {
    let config = try put(tree, "{}", "application/vnd.oci.empty.v1+json")
    let layer = try put(tree, content, "application/octet-stream")
    let subject = subject.map { #","subject":\#($0),"artifactType":"x/\#(content)""# } ?? ""
    return try put(tree, #"{"schemaVersion":2,"config":\#(config),"layers":[\#(layer)]\#(subject)}"#)
  }

  /// The name of a referrer's directory.
  private func name(_ descriptor: Descriptor) -> String { "@\(descriptor.digest)" }

  @Test(
    "F9: manifests whose subject is an image are directories below it, named by their digests, and so are theirs",
    arguments: TestStoreKind.allCases)
  func shown(_ kind: TestStoreKind) throws {
    let tree = try TestTree(kind)
    let image = try manifest(tree, "image")
    try tree.engine.putReference(image, named: ReferenceName("a"))
    let signature = try manifest(tree, of: image, "signature")
    let note = try manifest(tree, of: signature, "note")
    let sbom = try manifest(tree, of: image, "sbom")
    try tree.engine.putReference(sbom, named: ReferenceName("sbom"))
    #expect(try tree.names("images/a") == ["config", "files", "layers", "manifest", "referrers"])
    #expect(try tree.names("images/a/referrers") == [name(signature), name(sbom)].sorted())
    let path = "images/a/referrers/\(name(signature))"
    #expect(try tree.extendedAttribute("user.casfs.artifact_type", of: path) == "x/signature")
    #expect(try tree.link("\(path)/manifest") == "../../../../" + tree.blobPath(signature.digest))
    #expect(try tree.names("\(path)/referrers") == [name(note)])
    #expect(try tree.names("\(path)/referrers/\(name(note))/layers") == ["00"])
    #expect(try tree.names("images/sbom/referrers") == [])
    for other in [name(image), name(note), "\(signature.digest)", "@", "@sha256:0"] {
      #expect(!tree.exists("images/a/referrers/\(other)"))
    }
  }

  @Test("F9: an index has referrers of its own, and each of its images has others")
  func index() throws {
    let tree = try TestTree()
    let image = try manifest(tree, "image")
    let index = try put(tree, #"{"schemaVersion":2,"manifests":[\#(image)]}"#, MediaType.imageIndex)
    try tree.engine.putReference(index, named: ReferenceName("i"))
    let (first, second) = (try manifest(tree, of: index, "first"), try manifest(tree, of: image, "second"))
    #expect(try tree.names("images/i/referrers") == [name(first)])
    #expect(try tree.names("images/i/\(name(image))/referrers") == [name(second)])
  }

  @Test("F9: Cosign's tags are referrers, and tags that lead back to the image end the path")
  func cosign() throws {
    let tree = try TestTree()
    let (image, signature) = (try manifest(tree, "image"), try manifest(tree, "signature"))
    let tags = [
      ("a", image), ("sha256-\(image.digest.hex).sig", signature), ("sha256-\(image.digest.hex).att", image),
      ("sha256-\(signature.digest.hex).sig", image), ("sha256-\(signature.digest.hex).sbom", signature),
    ]
    for (tag, descriptor) in tags { try tree.engine.putReference(descriptor, named: ReferenceName(tag)) }
    #expect(try tree.names("images/a/referrers") == [name(signature)])
    #expect(try tree.names("images/a/referrers/\(name(signature))/referrers") == [])
    #expect(
      try tree.extendedAttribute("user.casfs.artifact_type", of: "images/a/referrers/\(name(signature))")
        == "application/vnd.oci.empty.v1+json")
  }

  @Test("F9: referrers are shown at most eight deep")
  func deep() throws {
    let tree = try TestTree()
    var last = try manifest(tree, "image")
    try tree.engine.putReference(last, named: ReferenceName("a"))
    var path = "images/a"
    for number in 0..<8 {
      last = try manifest(tree, of: last, "\(number)")
      path += "/referrers/\(name(last))"
    }
    #expect(tree.exists(path))
    #expect(try tree.names(path) == ["config", "files", "layers", "manifest"])
  }

  @Test("F9: an image is listed without a search, which reads each blob once; a later referrer is found")
  func lazy() throws {
    let tree = try TestTree(.directory)
    let image = try manifest(tree, "image")
    try tree.engine.putReference(image, named: ReferenceName("a"))
    let first = try manifest(tree, of: image, "first")
    // A malformed index makes a search fail.
    let index = try tree.engine.index().content
    _ = try tree.names("images/a")
    let folder = try #require(tree.folder)
    try folder.write("not an index", to: "store/index.json")
    let search = ReferrerCatalog(tree.engine)
    #expect(throws: CASError.self) { try search.referrers(of: image.digest, cancellation: .none) }
    try folder.write(String(decoding: index, as: UTF8.self), to: "store/index.json")
    #expect(try search.referrers(of: image.digest, cancellation: .none).all.map(\.digest) == [first.digest])
    let second = try manifest(tree, of: image, "second")
    // Answers are kept for half a second.
    let end = ContinuousClock.now + .seconds(60)
    var found: Set<Digest> = []
    while found.count < 2, ContinuousClock.now < end {
      found = try Set(search.referrers(of: image.digest, cancellation: .none).all.map(\.digest))
    }
    #expect(found == [first.digest, second.digest])
    try tree.engine.deleteBlob(first.digest)
    while found.count > 1, ContinuousClock.now < end {
      found = try Set(search.referrers(of: image.digest, cancellation: .none).all.map(\.digest))
    }
    #expect(found == [second.digest])
  }
}
