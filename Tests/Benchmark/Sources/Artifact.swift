/// An artifact with one file, such as the weights of a model.
enum Artifact {
  private static let mediaType = "application/vnd.oci"

  /// The path of the file in a mount.
  static let path = "images/model/files/model/weights.gguf"

  /// Adds the manifest of an artifact whose file is a blob, with a name.
  static func add(to store: Store, blob digest: String, size: Int) throws {
    let title = #""annotations":{"org.opencontainers.image.title":"model/weights.gguf"}"#
    let file = descriptor("application/octet-stream", digest, size, title)
    let config = descriptor("\(mediaType).empty.v1+json", try store.add(Array("{}".utf8)), 2)
    let manifest = Array(
      #"{"schemaVersion":2,"artifactType":"x/model","config":\#(config),"layers":[\#(file)]}"#.utf8)
    let name = #""annotations":{"org.opencontainers.image.ref.name":"model"}"#
    let entry = descriptor("\(mediaType).image.manifest.v1+json", try store.add(manifest), manifest.count, name)
    try Files.write(
      Array(#"{"schemaVersion":2,"manifests":[\#(entry)]}"#.utf8), to: store.path + "/index.new")
    try Files.rename(store.path + "/index.new", store.path + "/index.json")
  }

  private static func descriptor(_ type: String, _ digest: String, _ size: Int, _ more: String? = nil) -> String {
    let rest = more.map { ",\($0)" } ?? ""
    return #"{"mediaType":"\#(type)","digest":"sha256:\#(digest)","size":\#(size)\#(rest)}"#
  }
}
