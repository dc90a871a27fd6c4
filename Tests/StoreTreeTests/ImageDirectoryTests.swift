import CAS
import OCI
import SystemPackage
import Testing

@testable import StoreTree

/// Images as directories.
@Suite("images: entries of the index as directories") struct ImageDirectoryTests {
  private func put(_ tree: TestTree, _ text: String, _ mediaType: String = "a/b") throws -> Descriptor {
    Descriptor(mediaType: mediaType, digest: try tree.put(text), size: Int64(text.utf8.count))
  }

  private func image(_ tree: TestTree, layers: Int) throws -> (
    manifest: Descriptor, config: Descriptor, layers: [Descriptor]
  ) {
    let config = try put(tree, "{}")
    let layers = try (0..<layers).map { try put(tree, "layer \($0)") }
    let list = layers.map(\.description).joined(separator: ",")
    let manifest = try put(
      tree, #"{"schemaVersion":2,"config":\#(config),"layers":[\#(list)]}"#, MediaType.imageManifest)
    return (manifest, config, layers)
  }

  @Test("T1: an image has links to its manifest, its config and its layers in order")
  func parts() throws {
    let tree = try TestTree()
    let image = try image(tree, layers: 3)
    try tree.engine.putReference(image.manifest, named: ReferenceName("a/b"))
    #expect(try tree.names("images/a/b") == ["config", "files", "layers", "manifest", "referrers"])
    #expect(try tree.names("images/a/b/layers") == ["00", "01", "02"])
    #expect(try tree.link("images/a/b/manifest") == "../../../" + tree.blobPath(image.manifest.digest))
    #expect(try tree.link("images/a/b/config") == "../../../" + tree.blobPath(image.config.digest))
    #expect(try tree.link("images/a/b/layers/02") == "../../../../" + tree.blobPath(image.layers[2].digest))
  }

  @Test("T1: the directories of more images than the mount has manifests of find theirs again")
  func manyImages() throws {
    let tree = try TestTree()
    for count in 1...20 {
      try tree.engine.putReference(image(tree, layers: count).manifest, named: ReferenceName("image-\(count)"))
    }
    for _ in 0..<2 {
      for count in 1...20 {
        let layers = "images/image-\(count)/layers"
        #expect(try tree.names(layers) == (0..<count).map { LayerNumber.text($0, of: count) })
        let last = try put(tree, "layer \(count - 1)")
        #expect(
          try tree.link("\(layers)/\(LayerNumber.text(count - 1, of: count))")
            == "../../../" + tree.blobPath(last.digest))
      }
    }
  }

  @Test("T1: an image index has a directory for each platform, with the digest where two are the same")
  func platforms() throws {
    let tree = try TestTree()
    let manifest = try image(tree, layers: 1).manifest
    func entry(_ architecture: String) -> String {
      #"{"mediaType":"\#(manifest.mediaType)","digest":"\#(manifest.digest)","size":\#(manifest.size),"#
        + #""platform":{"os":"linux","architecture":"\#(architecture)"}}"#
    }
    let index = try put(
      tree, #"{"schemaVersion":2,"manifests":[\#(entry("amd64")),\#(entry("arm64")),\#(entry("amd64"))]}"#,
      MediaType.imageIndex)
    try tree.engine.putReference(index, named: ReferenceName("name"))
    let names = try tree.names("images/name")
    #expect(names == ["index", "linux-amd64", "linux-amd64@\(manifest.digest)", "linux-arm64", "referrers"])
    #expect(try tree.names("images/name/linux-arm64") == ["config", "files", "layers", "manifest", "referrers"])
  }

  @Test("T1: an entry that is not a manifest is an empty directory that has the reason")
  func notAManifest() throws {
    let tree = try TestTree()
    let descriptor = try put(tree, "text", MediaType.imageManifest)
    try tree.engine.putReference(descriptor, named: ReferenceName("name"))
    #expect(try tree.names("images/name") == [])
    #expect(try !tree.extendedAttribute("user.casfs.error", of: "images/name").isEmpty)
    #expect(try tree.tree.extendedAttributeNames(of: tree.node("images/name"), tree.context()) == ["user.casfs.error"])
  }

  @Test("F15: a directory of a removed image that a process holds is ENOENT, and one without a manifest is empty")
  func removed() throws {
    let tree = try TestTree()
    let manifest = try image(tree, layers: 1).manifest
    let index = try put(
      tree,
      #"{"schemaVersion":2,"manifests":[{"mediaType":"\#(manifest.mediaType)","digest":"\#(manifest.digest)","#
        + #""size":\#(manifest.size),"platform":{"os":"linux","architecture":"amd64"}}]}"#, MediaType.imageIndex)
    try tree.engine.putReference(index, named: ReferenceName("name"))
    let others = (2...20).map { "image-\($0)" }
    for (count, name) in others.enumerated() {
      try tree.engine.putReference(image(tree, layers: count + 2).manifest, named: ReferenceName(name))
    }
    // They are more manifests than the mount remembers.
    func forget() throws { for name in others { _ = try tree.names("images/\(name)") } }
    let held = try ["images/name", "images/name/linux-amd64", "images/name/linux-amd64/layers"].map {
      try tree.lookup($0).node
    }
    try tree.engine.deleteBlob(manifest.digest)
    try forget()
    #expect(try tree.names("images/name/linux-amd64").isEmpty)
    try forget()
    try tree.remove("refs/name")
    try tree.engine.deleteBlob(index.digest)
    for node in held {
      #expect(throws: Errno.noSuchFileOrDirectory) { _ = try tree.entries(of: node) }
      #expect(throws: Errno.noSuchFileOrDirectory) { try tree.tree.lookup("manifest", in: node, tree.context()) }
    }
  }

  @Test("F13: entries that are not manifests are links to their blobs, as in a cache of BuildKit")
  func links() throws {
    let tree = try TestTree()
    let layer = try put(tree, "layer", "application/vnd.oci.image.layer.v1.tar+gzip")
    let config = try put(tree, "{}", "application/vnd.buildkit.cacheconfig.v0")
    let plain = try put(tree, "{\"a\":1}", "application/json")
    let manifest = try image(tree, layers: 1).manifest
    let list = [layer, config, plain, manifest].map(\.description).joined(separator: ",")
    let index = try put(tree, #"{"schemaVersion":2,"manifests":[\#(list)]}"#, MediaType.imageIndex)
    for (name, descriptor) in [("cache", index), ("layer", layer), ("a/plain", plain)] {
      try tree.engine.putReference(descriptor, named: ReferenceName(name))
    }
    #expect(try tree.link("images/layer") == "../" + tree.blobPath(layer.digest))
    #expect(try tree.link("images/a/plain") == "../../" + tree.blobPath(plain.digest))
    for descriptor in [layer, config, plain] {
      #expect(try tree.link("images/cache/@\(descriptor.digest)") == "../../" + tree.blobPath(descriptor.digest))
    }
    let parts = ["config", "files", "layers", "manifest", "referrers"]
    #expect(try tree.names("images/cache/@\(manifest.digest)") == parts)
    for directory in ["images", "images/cache", "images/a"] {
      for entry in try tree.entries(directory) where !entry.name.hasPrefix(".") {
        #expect(try tree.attributes("\(directory)/\(entry.name)").kind == entry.kind)
      }
    }
  }

  @Test("F13: a part whose content is embedded in its descriptor is a file with it, or a link once the blob is stored")
  func embedded() throws {
    let tree = try TestTree()
    func descriptor(_ text: String, _ data: String, _ type: String) throws -> String {
      #"{"mediaType":"\#(type)","digest":"\#(try digest(text))","size":\#(text.utf8.count),"data":"\#(data)"}"#
    }
    // "config" and "layer" in base64; the second layer is wrong.
    let config = try descriptor("config", "Y29uZmln", "a/b")
    let layers = [try descriptor("layer", "bGF5ZXI=", "a/b"), try descriptor("other", "bGF5ZXI=", "a/b")]
    let text = #"{"schemaVersion":2,"config":\#(config),"layers":[\#(layers.joined(separator: ","))]}"#
    let manifest = try put(tree, text, MediaType.imageManifest)
    try tree.engine.putReference(manifest, named: ReferenceName("name"))
    #expect(try tree.attributes("images/name/config").kind == .file)
    #expect(try tree.attributes("images/name/config").size == 6)
    #expect(try tree.extendedAttribute("user.casfs.digest", of: "images/name/config") == "\(digest("config"))")
    #expect(try tree.attributes("images/name/layers/00").kind == .file)
    #expect(try tree.attributes("images/name/layers/01").kind == .link)
    for entry in try tree.entries("images/name/layers") where !entry.name.hasPrefix(".") {
      #expect(try tree.attributes("images/name/layers/\(entry.name)").kind == entry.kind)
    }
    _ = try tree.put("config")
    #expect(try tree.link("images/name/config") == "../../" + tree.blobPath(digest("config")))
  }

  @Test("T1: the digits of a layer's name grow with the number of layers")
  func manyLayers() throws {
    let tree = try TestTree()
    try tree.engine.putReference(image(tree, layers: 101).manifest, named: ReferenceName("name"))
    #expect(try tree.names("images/name/layers").first == "000")
    #expect(!tree.exists("images/name/layers/00"))
    #expect(tree.exists("images/name/layers/100"))
  }
}
