import CAS
import CASArchive
import CASImage
import Foundation
import OCI
import SystemPackage
import TestSupport
import Testing

/// Archives of `docker save`: `docker-archive:FILE`.
@Suite(.boundedInTime)
struct DockerArchiveTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  /// Opens an archive, plain or compressed by a command.
  private func open(_ archive: [UInt8], _ command: String? = nil) throws -> any Engine {
    try folder.write(archive, to: "x.tar")
    var file = folder("x.tar")
    if let command {
      let outcome = try SystemCommand.bash("\(command) <\"$1\" >\"$2\"", [folder("x.tar"), folder("x.tar.c")])
      #expect(outcome.status == 0, "\(outcome.errors)")
      file = folder("x.tar.c")
    }
    return try ArchiveDriver(.docker).open("docker-archive:\(file)", options: OpenOptions())
  }

  /// Two images of Docker before version 25, which share a layer by a link.
  private static func oldArchive(_ one: DockerImageSample, _ two: DockerImageSample) -> [UInt8] {
    var tar = TarBuilder()
    tar.add("1/VERSION", "1.0".bytes)
    tar.add("1/layer.tar", one.layers[0])
    tar.add("2/layer.tar", one.layers[1])
    tar.link("3/layer.tar", to: "../1/layer.tar")
    tar.add("4/layer.tar", two.layers[1])
    tar.add("one.json", one.config)
    tar.add("two.json", two.config)
    tar.add("repositories", "{\"a\":{\"1\":\"2\"}}".bytes)
    let list = [
      DockerImageSample.element("one.json", tags: ["a:1", "host:5000/b:latest"], ["1/layer.tar", "2/layer.tar"]),
      DockerImageSample.element("two.json", tags: nil, ["3/layer.tar", "4/layer.tar"]),
    ]
    tar.add("manifest.json", "[\(list.joined(separator: ","))]\n".bytes)
    return tar.archive
  }

  @Test(
    "G9, F12: images of docker save have their blobs and a manifest of OCI, in a plain and in a compressed archive",
    arguments: [nil, "gzip", "zstd -q"])
  func images(_ command: String?) throws {
    let (one, two) = (try DockerImageSample(["x", "y"]), try DockerImageSample(["x", "z"]))
    let engine = try open(Self.oldArchive(one, two), command)
    #expect(engine.driverName == "docker-archive" && !engine.isWritable)
    #expect(engine.uri.hasPrefix("docker-archive:/"))
    #expect(try engine.listReferences().map(\.name.description) == ["a:1", "host:5000/b:latest"])
    let descriptor = try engine.reference(named: ReferenceName("a:1"))
    let text = String(decoding: try engine.blobContents(descriptor.digest, limit: 10_000), as: UTF8.self)
    let layers = try one.layers.map { (layer) in
      "{\"digest\":\"\(try Digest.of(layer))\",\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\","
        + "\"size\":\(layer.count)}"
    }
    let expected =
      "{\"config\":{\"digest\":\"\(try Digest.of(one.config))\","
      + "\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"size\":\(one.config.count)},"
      + "\"layers\":[\(layers.joined(separator: ","))],"
      + "\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"schemaVersion\":2}"
    #expect(text == expected)
    #expect(descriptor.mediaType == MediaType.imageManifest && descriptor.size == Int64(expected.utf8.count))
    let contents = [one.layers[0], one.layers[1], two.layers[1], one.config, two.config, expected.bytes]
    var digests: Set<Digest> = []
    for content in contents {
      let digest = try Digest.of(content)
      digests.insert(digest)
      #expect(try engine.blobContents(digest, limit: 10_000) == content)
      #expect(try engine.openBlob(digest).read(100, at: 7) == Array(content.dropFirst(7).prefix(100)))
    }
    #expect(try engine.index().entries.count == 3)
    let unnamed = try #require(try engine.index().entries.last)
    #expect(unnamed.name == nil)
    digests.insert(try unnamed.descriptor.get().digest)
    var listed: [Digest] = []
    try engine.forEachBlob { listed.append($0) }
    #expect(listed.count == digests.count && Set(listed) == digests)
    let image = try Image(try unnamed.descriptor.get(), in: engine)
    #expect(image.children(of: image.root).map(\.name) == ["file0", "file1"])
    var problems: [StoreProblem] = []
    try engine.check { problems.append($0) }
    #expect(problems.isEmpty)
    #expect(failure { () throws(CASError) in try engine.putBlob([5]) }?.code == .io(.readOnlyFileSystem))
    #expect(
      failure { () throws(CASError) in try engine.deleteBlob(descriptor.digest) }?.code == .io(.readOnlyFileSystem))
  }

  @Test("G9: layers in an archive can be compressed, and have the digests of their stored bytes")
  func compressedLayers() throws {
    let image = try DockerImageSample(["x", "y", "z"])
    let packed = try ["gzip", "zstd -q", "gzip -9"].enumerated().map { (number, command) in
      try SystemCommand.run("/usr/bin/env", command.split(separator: " ").map(String.init), input: image.layers[number])
        .output
    }
    var tar = TarBuilder()
    let named = "blobs/sha256/\(try Digest.of(packed[2]).hex)"
    tar.add("one.tar", packed[0])
    tar.add("two.tar", packed[1])
    tar.add(named, packed[2])
    tar.add("config", image.config)
    tar.add(
      "manifest.json",
      "[\(DockerImageSample.element("./config", tags: ["v:1"], ["one.tar", "./two.tar", named]))]".bytes)
    for command in [nil, "gzip", "zstd -q"] {
      let engine = try open(tar.archive, command)
      let reference = try engine.reference(named: ReferenceName("v:1"))
      let bytes = try engine.blobContents(reference.digest, limit: 10_000)
      let manifest = try Manifest(parsing: bytes, mediaType: reference.mediaType)
      #expect(try manifest.layers.map(\.digest) == packed.map { try Digest.of($0) })
      #expect(manifest.layers.map(\.size) == packed.map { Int64($0.count) })
      #expect(
        manifest.layers.map { $0.mediaType.dropFirst("application/vnd.oci.image.layer.v1.".count) } == [
          "tar+gzip", "tar+zstd", "tar+gzip",
        ])
      for blob in packed { #expect(try engine.blobContents(Digest.of(blob), limit: 10_000) == blob) }
      let files = try Image(reference, in: engine)
      #expect(files.children(of: files.root).count == 3)
    }
  }

  @Test("G9: the last of several members of one name counts, and so does the last image of one tag")
  func duplicates() throws {
    let (one, two) = (try DockerImageSample(["x"]), try DockerImageSample(["y"]))
    var tar = TarBuilder()
    tar.add("manifest.json", "[]".bytes)
    tar.add("l.tar", "wrong".bytes)
    tar.add("l.tar", one.layers[0])
    tar.add("m.tar", two.layers[0])
    tar.add("one.json", one.config)
    tar.add("two.json", two.config)
    let list = [
      DockerImageSample.element("one.json", tags: ["a:1", "a:2", "a:2"], ["l.tar"]),
      DockerImageSample.element("two.json", tags: ["a:1", "a b:\\u0001"], ["m.tar"]),
      DockerImageSample.element("two.json", tags: [], ["m.tar"]),
    ]
    tar.add("manifest.json", "[\(list.joined(separator: ","))]".bytes)
    let engine = try open(tar.archive)
    #expect(try engine.listReferences().map(\.name.description) == ["a:2", "a:1"])
    func config(_ name: String) throws -> Digest? {
      let reference = try engine.reference(named: ReferenceName(name))
      let bytes = try engine.blobContents(reference.digest, limit: 10_000)
      return try Manifest(parsing: bytes, mediaType: reference.mediaType).config?.digest
    }
    #expect(try config("a:1") == Digest.of(two.config))
    #expect(try config("a:2") == Digest.of(one.config))
    #expect(try engine.blobContents(Digest.of(one.layers[0]), limit: 10_000) == one.layers[0])
    // The tag with a control character cannot be a name, and the third image is the second one.
    #expect(try engine.index().entries.map(\.name?.description) == ["a:2", "a:1", nil])
    var found: [String] = []
    try engine.check { if $0.kind == .unusual { found.append($0.subject) } }
    #expect(found.contains("l.tar") && found.contains("manifest.json"))
  }

  @Test("G9, V2: a layer with other content than its diff_id is corrupt, and nothing of it is read")
  func corrupt() throws {
    let (one, two) = (try DockerImageSample(["x"]), try DockerImageSample(["y"]))
    var tar = TarBuilder()
    tar.add("l.tar", two.layers[0])
    tar.add("c", one.config)
    tar.add("manifest.json", "[\(DockerImageSample.element("c", tags: ["a:1"], ["l.tar"]))]".bytes)
    let corruption = CASError.Corruption(expected: try .of(one.layers[0]), actual: try .of(two.layers[0]))
    for command in [nil, "gzip", "zstd -q"] {
      let engine = try open(tar.archive, command)
      #expect(failure { () throws(CASError) in try engine.openBlob(corruption.expected) }?.corruption == corruption)
      let verifying = try #require(engine as? any ContentVerifying)
      let error = failure { () throws(CASError) in
        try verifying.verifyBlob(corruption.expected, cancellation: .none) { _ in }
      }
      #expect(error?.corruption == corruption)
    }
  }

  @Test("G9: an archive that is not one of docker save, or leads out of itself, is invalid, with the reason")
  func invalid() throws {
    let image = try DockerImageSample(["x"])
    func element(_ config: String = "c", _ layers: [String] = ["l.tar"]) -> String {
      DockerImageSample.element(config, tags: ["a:1"], layers)
    }
    func archive(_ manifest: String, _ change: (inout TarBuilder) -> Void = { _ in }) -> [UInt8] {
      var tar = TarBuilder()
      tar.add("l.tar", image.layers[0])
      tar.add("c", image.config)
      tar.add("manifest.json", manifest.bytes)
      change(&tar)
      return tar.archive
    }
    var layout = TarBuilder()
    layout.add("oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}".bytes)
    layout.add("index.json", "{\"schemaVersion\":2,\"manifests\":[]}".bytes)
    var ancient = TarBuilder()
    ancient.add("repositories", "{}".bytes)
    let deep = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
    let table: [(archive: [UInt8], says: String)] = [
      (layout.archive, "manifest.json: not found; the archive is an image layout, which is oci-archive:FILE"),
      (ancient.archive, "manifest.json: not found; Docker before 1.10"),
      (archive("{}"), "manifest.json: not a JSON array"), (archive("["), "manifest.json: byte "),
      (archive(deep), "manifest.json: byte "), (archive("[{}]"), "manifest.json: an image without Config"),
      (archive("[{\"Config\":\"c\",\"Layers\":[1]}]"), "manifest.json: Layers has an element that is not a string"),
      (archive("[{\"Config\":\"c\",\"RepoTags\":{}}]"), "manifest.json: RepoTags is not an array"),
      (archive("[" + String(repeating: " ", count: 4 << 20) + "]"), "manifest.json: more than 4194304 bytes"),
      (
        archive("[\(String(repeating: "{\"Config\":\"c\"},", count: 10_000)){\"Config\":\"c\"}]"),
        "manifest.json: more than 10000 images"
      ),
      (archive("[\(element("none"))]"), "none: not found"), (archive("[\(element("c", ["none"]))]"), "none: not found"),
      (archive("[\(element("c", []))]"), "c: 1 diff_ids, and 0 layers in manifest.json"),
      (archive("[\(element("l.tar"))]"), "l.tar: byte 1"),
      (archive("[\(element("../c"))]"), "../c: the member name has the component '..'"),
      (archive("[\(element("/c"))]"), "/c: the member name is an absolute path"),
      (
        archive("[\(element("c", ["d/out"]))]") { $0.link("d/out", to: "../../l.tar") },
        "d/out: the symbolic link leads out"
      ),
      (archive("[\(element("c", ["out"]))]") { $0.link("out", to: "/l.tar") }, "out: the symbolic link leads out"),
      (archive("[\(element("c", ["p"]))]") { $0.link("p", to: "gone") }, "p: not found, as the link leads to gone"),
      (archive("[\(element("c", ["p"]))]") { $0.add("p", "6", "", size: 0) }, "p: not a regular file"),
      (
        archive("[\(element("c", ["p"]))]") { (tar) in
          tar.link("p", to: "q")
          tar.link("q", to: "./p")
        }, "p: more than 16 symbolic links"
      ),
      (archive("[]") { $0.link("manifest.json", to: "c") }, "manifest.json: not found"),
      (
        archive("[\(element("bad"))]") { $0.add("bad", "{\"rootfs\":{\"diff_ids\":[\"x\"]}}".bytes) },
        "bad: malformed digest"
      ),
      (archive("[\(element("bad"))]") { $0.add("bad", "{\"rootfs\":{\"diff_ids\":{}}}".bytes) }, "bad: diff_ids that"),
    ]
    for (archive, says) in table {
      for command in [nil, "gzip -1"] {
        var reason = "opened"
        do {
          _ = try open(archive, command)
        } catch let error as CASError {
          reason = error.code == .invalid ? error.cause : "\(error)"
        }
        #expect(reason.contains(says), "\(reason) in place of \(says)")
      }
    }
    try folder.write(archive("[\(element())]"), to: "docker.tar")
    let other = failure { () throws(CASError) in
      try ArchiveDriver().open("oci-archive:\(folder("docker.tar"))", options: OpenOptions())
    }
    #expect(other?.cause == "oci-layout: not found; docker save made the archive, which is docker-archive:FILE")
    #expect(
      failure { () throws(CASError) in
        try ArchiveDriver(.docker).create("docker-archive:\(folder("new"))", options: CreateOptions())
      }?.code == .notImplemented)
  }

  @Test(
    "G9: skopeo finds the same configuration and layers in an archive that skopeo or podman wrote",
    .needs(.root, .tools("skopeo", "podman")), arguments: ["skopeo", "podman"])
  func skopeo(_ writer: String) throws {
    let script = """
      set -e; cd "$1"; mkdir a b; seq 100000 >a/numbers; echo text >b/text
      for l in a b; do tar -C $l -cf $l.tar .; done; export sha=sha256sum
      digest() { sha256sum <"$1" | cut -c1-64; }
      mkdir -p s/blobs/sha256; put() { cp "$1" "s/blobs/sha256/$(digest "$1")"; }; gzip -nk a.tar b.tar
      echo '{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["sha256:'$(digest a.tar)'","sha256:'$(
        digest b.tar)'"]},"history":[{"created_by":"a"},{"created_by":"b"}]}' >config
      entry() { echo '{"mediaType":"application/vnd.oci.image.'$2'","digest":"sha256:'$(digest "$1")'","size":'$(stat -c %s "$1")$3'}'; }
      echo '{"schemaVersion":2,"config":'$(entry config config.v1+json)',"layers":['$(entry a.tar.gz layer.v1.tar+gzip),$(
        entry b.tar.gz layer.v1.tar+gzip)']}' >manifest; for f in a.tar.gz b.tar.gz config manifest; do put $f; done
      echo '{"imageLayoutVersion":"1.0.0"}' >s/oci-layout
      echo '{"schemaVersion":2,"manifests":['$(entry manifest manifest.v1+json ',"annotations":{"org.opencontainers.image.ref.name":"v1"}')']}' \\
        >s/index.json
      if [ "$2" = podman ]; then
        run=$(mktemp -d); trap 'rm -rf "$run"' EXIT; options="--root $PWD/root --runroot $run --storage-driver vfs"
        tar -C s -cf s.tar .; podman $options load -q -i s.tar >/dev/null; id=$(podman $options images -q)
        podman $options tag $id example.org/team/app:v1; podman $options save -q -o x.tar example.org/team/app:v1
        podman $options rmi -fa >/dev/null
      else
        skopeo copy -q --insecure-policy oci:s:v1 docker-archive:x.tar:example.org/team/app:v1
      fi
      skopeo copy -q --insecure-policy docker-archive:x.tar dir:back
      """
    let made = try SystemCommand.bash(script, [folder.path, writer])
    #expect(made.status == 0, "\(made.errors)")
    let engine = try ArchiveDriver(.docker).open("docker-archive:\(folder("x.tar"))", options: OpenOptions())
    #expect(try engine.listReferences().map(\.name.description) == ["example.org/team/app:v1"])
    let name = try ReferenceName("example.org/team/app:v1")
    let reference = try engine.reference(named: name)
    let own = try Manifest(
      parsing: try engine.blobContents(reference.digest, limit: 10_000), mediaType: reference.mediaType)
    let text = Array(try Data(contentsOf: folder["back/manifest.json"]))
    let other = try Manifest(parsing: text, mediaType: MediaType.dockerManifest)
    let blobs = [own.config].compactMap(\.self) + own.layers
    let others = [other.config].compactMap(\.self) + other.layers
    #expect(blobs.count == 3)
    #expect(blobs.map(\.digest) == others.map(\.digest) && blobs.map(\.size) == others.map(\.size))
    for blob in blobs {
      let content = Array(try Data(contentsOf: folder["back/\(blob.digest.hex)"]))
      #expect(try engine.blobContents(blob.digest, limit: 1 << 20) == content)
    }
  }
}
