import CAS
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import StoreTree

/// The files of artifacts under their own names, below `images/NAME/files`.
@Suite("images: the files of artifacts", .boundedInTime) struct FilesDirectoryTests {
  /// A layer of an artifact.
  private struct Layer {
    var content: String
    var title: String?
    var filepath: String?
    var type = "application/octet-stream"
    /// Whether the content is embedded in the descriptor, and not stored.
    var isEmbedded = false
  }

  private func layer(_ tree: TestTree, _ layer: Layer) throws -> Descriptor {
    var annotations: [JSON.Member] = []
    if let title = layer.title { annotations.append(JSON.Member("org.opencontainers.image.title", .string(title))) }
    if let path = layer.filepath { annotations.append(JSON.Member("org.cncf.model.filepath", .string(path))) }
    let digest = layer.isEmbedded ? try digest(layer.content) : try tree.put(layer.content)
    var members = [
      JSON.Member("mediaType", .string(layer.type)), JSON.Member("digest", .string(digest.description)),
      JSON.Member("size", .number(String(layer.content.utf8.count))),
      JSON.Member("annotations", .object(annotations)),
    ]
    // "hello" in base64.
    if layer.isEmbedded { members.append(JSON.Member("data", .string("aGVsbG8="))) }
    return try Descriptor(.object(members))
  }

  /// Stores a manifest and gives it a name.
  @discardableResult
  private func artifact(
    _ tree: TestTree, _ layers: [Layer], config: String = "application/vnd.oci.empty.v1+json", more: String = "",
    name: String = "a"
  ) throws -> Descriptor {
    let empty = Descriptor(mediaType: config, digest: try tree.put("{}"), size: 2)
    let list = try layers.map { try layer(tree, $0).description }.joined(separator: ",")
    let text = #"{"schemaVersion":2,"config":\#(empty),"layers":[\#(list)]\#(more)}"#
    let manifest = Descriptor(
      mediaType: MediaType.imageManifest, digest: try tree.put(text), size: Int64(text.utf8.count))
    try tree.engine.putReference(manifest, named: ReferenceName(name))
    return manifest
  }

  /// The lines of the error of `files`.
  private func problems(_ tree: TestTree) throws -> [Substring] {
    try tree.extendedAttribute("user.casfs.error", of: "images/a/files").split(separator: "\n")
  }

  @Test("F1: an artifact of ORAS shows its files by their titles, nested where they have slashes")
  func titles() throws {
    let tree = try TestTree()
    try artifact(
      tree,
      [
        Layer(content: "one", title: "readme.md"), Layer(content: "two", title: "weights/a.gguf"),
        Layer(content: "three", title: "./weights//b.gguf"), Layer(content: "no name"),
        Layer(content: "four", title: "weights/deep/er/c d"),
      ])
    #expect(try tree.names("images/a") == ["config", "files", "layers", "manifest", "referrers"])
    #expect(try tree.names("images/a/files") == ["readme.md", "weights"])
    #expect(try tree.names("images/a/files/weights") == ["a.gguf", "b.gguf", "deep"])
    #expect(try tree.link("images/a/files/readme.md") == "../../../" + tree.blobPath(digest("one")))
    #expect(try tree.link("images/a/files/weights/deep/er/c d") == "../../../../../../" + tree.blobPath(digest("four")))
    #expect(!tree.exists("images/a/files/weights/c d"))
    #expect(try tree.tree.extendedAttributeNames(of: tree.node("images/a/files"), tree.context()) == [])
    for directory in ["images/a", "images/a/files", "images/a/files/weights"] {
      for entry in try tree.entries(directory) where !entry.name.hasPrefix(".") {
        let found = try tree.attributes("\(directory)/\(entry.name)")
        #expect(found.kind == entry.kind && found.inode == entry.inode)
      }
    }
  }

  @Test("F1: the file path of ModelPack is the name of a layer without a title, also of one that is an archive")
  func modelPack() throws {
    let tree = try TestTree()
    let type = "application/vnd.cncf.model"
    try artifact(
      tree,
      [
        Layer(content: "w", filepath: "model/model.safetensors", type: "\(type).weight.v1.raw"),
        Layer(content: "d", filepath: "docs", type: "\(type).doc.v1.tar"),
        Layer(content: "t", title: "title", filepath: "path"),
      ], config: "\(type).config.v1+json", more: #","artifactType":"\#(type).manifest.v1+json""#)
    #expect(try tree.names("images/a/files") == ["docs", "model", "title"])
    #expect(try tree.link("images/a/files/docs").hasSuffix(tree.blobPath(digest("d"))))
    #expect(try tree.extendedAttribute("user.casfs.artifact_type", of: "images/a") == "\(type).manifest.v1+json")
  }

  @Test("F1: a Helm chart has the file names that helm gives it")
  func helm() throws {
    let tree = try TestTree()
    let type = "application/vnd.cncf.helm"
    let annotations =
      #","annotations":{"org.opencontainers.image.title":"web","org.opencontainers.image.version":"1.2.3"}"#
    let layers = [
      Layer(content: "chart", type: "\(type).chart.content.v1.tar+gzip"),
      Layer(content: "signature", type: "\(type).chart.provenance.v1.prov"), Layer(content: "other"),
    ]
    try artifact(tree, layers, config: "\(type).config.v1+json", more: annotations)
    try artifact(tree, layers, more: annotations, name: "b")
    #expect(try tree.names("images/a/files") == ["web-1.2.3.tgz", "web-1.2.3.tgz.prov"])
    #expect(try tree.extendedAttribute("user.casfs.artifact_type", of: "images/a") == "\(type).config.v1+json")
    #expect(try tree.names("images/b/files") == [])
  }

  @Test("F1: an image without named layers has no files, and one of an index has its own")
  func images() throws {
    let tree = try TestTree()
    let plain = try artifact(tree, [Layer(content: "layer")])
    let named = try artifact(tree, [Layer(content: "layer", title: "name")], name: "b")
    let entries = [(plain, "amd64"), (named, "arm64")].map { (manifest, architecture) in
      manifest.description.dropLast() + #","platform":{"os":"linux","architecture":"\#(architecture)"}}"#
    }
    let index = #"{"schemaVersion":2,"manifests":[\#(entries.joined(separator: ","))]}"#
    try tree.engine.putReference(
      Descriptor(mediaType: MediaType.imageIndex, digest: tree.put(index), size: Int64(index.utf8.count)),
      named: ReferenceName("i"))
    #expect(try tree.names("images/a/files") == [])
    #expect(try tree.names("images/i") == ["index", "linux-amd64", "linux-arm64", "referrers"])
    #expect(try tree.names("images/i/linux-amd64/files") == [])
    #expect(try tree.link("images/i/linux-arm64/files/name").hasPrefix("../../../../blobs/"))
  }

  @Test("F1, F13: embedded content is a file under its name")
  func embedded() throws {
    let tree = try TestTree()
    try artifact(tree, [Layer(content: "hello", title: "dir/greeting", isEmbedded: true)])
    #expect(try tree.attributes("images/a/files/dir/greeting").kind == .file)
    #expect(try tree.read("images/a/files/dir/greeting") == "hello")
  }

  @Test("F1: a path that leads out, or cannot be that of a file, is left out, with the reason in the error attribute")
  func leftOut() throws {
    let tree = try TestTree()
    let long = String(repeating: "n", count: 256)
    let paths: [(path: String, reason: String)] = [
      ("/etc/passwd", "absolute path"), ("a/../../b", "'..' in the path"), ("..", "'..' in the path"),
      ("", "path without a name"), ("./", "path without a name"), ("a\u{1B}[31m", "control characters"),
      ("nul\0", "control characters"), ("dir/\(long)", "name longer than 255 bytes"),
      (String(repeating: "x/", count: 2100), "path longer than 4095 bytes"),
      (String(repeating: "x/", count: 65), "path of more than 64 names"),
    ]
    try artifact(
      tree, paths.enumerated().map { Layer(content: "\($0)", title: $1.path) } + [Layer(content: "x", title: "ok")])
    #expect(try tree.names("images/a/files") == ["ok"])
    let lines = try problems(tree)
    #expect(lines.count == paths.count)
    for (number, (line, expected)) in zip(lines, paths).enumerated() {
      #expect(line.hasPrefix("layer \(number): left out, \(expected.reason): "), "\(line)")
    }
    #expect(lines[5].hasSuffix(": a?[31m"))
    #expect(
      try tree.tree.extendedAttributeNames(of: tree.node("images/a/files"), tree.context()) == ["user.casfs.error"])
  }

  @Test("F1: the later of equal paths, and of a file and a directory with one name, has a number")
  func taken() throws {
    let tree = try TestTree()
    let titles = ["a", "b/c", "a", "a/x", "a/y", "b", "a~2", "b/c", "A", "e\u{301}", "\u{E9}"]
    try artifact(tree, titles.enumerated().map { Layer(content: "\($0)", title: $1) })
    #expect(
      try tree.names("images/a/files").map { Array($0.utf8) }
        == ["A", "a", "a~2", "a~2~2", "a~3", "b", "b~2", "e\u{301}", "\u{E9}"].map { Array($0.utf8) })
    #expect(try tree.names("images/a/files/a~3") == ["x", "y"])
    #expect(try tree.names("images/a/files/b") == ["c", "c~2"])
    for (path, layer) in [("a", 0), ("b/c", 1), ("a~2", 2), ("a~3/x", 3), ("b~2", 5), ("a~2~2", 6), ("b/c~2", 7)] {
      #expect(try tree.link("images/a/files/\(path)").hasSuffix(tree.blobPath(digest("\(layer)"))), "\(path)")
    }
    #expect(
      try problems(tree) == [
        "layer 2: shown as a~2: a", "layer 3: shown as a~3/x: a/x", "layer 4: shown as a~3/y: a/y",
        "layer 5: shown as b~2: b", "layer 6: shown as a~2~2: a~2", "layer 7: shown as b/c~2: b/c",
      ])
  }

  @Test("F1: a name at the limit that is taken is left out")
  func longTaken() throws {
    let tree = try TestTree()
    let name = String(repeating: "n", count: 254)
    try artifact(tree, (0..<2).map { Layer(content: "\($0)", title: name) })
    #expect(try tree.names("images/a/files") == [name])
    #expect(try problems(tree) == ["layer 1: left out, name is taken: \(name)"])
  }

  @Test("F1: scalars that stand for bytes in names are shown as the bytes that they are in the manifest")
  func privateUse() throws {
    let tree = try TestTree()
    try artifact(tree, [Layer(content: "x", title: "a\u{10FFFF}b")])
    let name = try #require(try tree.names("images/a/files").first)
    #expect(NameText.bytes(of: name) == Array("a\u{10FFFF}b".utf8))
  }

  @Test(
    "F1: a manifest of a megabyte, with one name or deep names for all layers, is shown in bounded time",
    arguments: [true, false])
  func large(isDeep: Bool) throws {
    let tree = try TestTree()
    let digest = try tree.put("layer")
    let deep = String(repeating: "d/", count: 63) + "f"
    var list: [String] = []
    var size = 200
    while size < 1 << 20 {
      let title = isDeep ? "\(list.count)\(deep)" : "same"
      list.append(
        #"{"mediaType":"a/b","digest":"\#(digest)","size":5,"annotations":{"org.opencontainers.image.title":"\#(title)"}}"#
      )
      size += (list.last?.utf8.count ?? 0) + 1
    }
    let text =
      #"{"schemaVersion":2,"config":{"mediaType":"a/b","digest":"\#(digest)","size":5},"layers":[\#(list.joined(separator: ","))]}"#
    try tree.engine.putReference(
      Descriptor(mediaType: MediaType.imageManifest, digest: tree.put(text), size: Int64(text.utf8.count)),
      named: ReferenceName("a"))
    #expect(try tree.names("images/a/files").count == list.count)
    #expect(tree.exists("images/a/files/" + (isDeep ? "\(list.count - 1)\(deep)" : "same~\(list.count)")))
    if !isDeep {
      let lines = try problems(tree)
      #expect(lines.count == 33 && lines.last == "and \(list.count - 33) more")
    }
  }
}
