/// `skopeo copy`, which copies images from layout to layout.
enum Skopeo {
  private static let mediaType = "application/vnd.oci.image"

  /// Copies an image with one big layer; `nil` without skopeo or without `--peers`.
  static func contender(_ setting: Setting) throws -> Contender? {
    guard setting.hasPeers, let program = Program.find("skopeo") else { return nil }
    let store = try image(setting)
    let copy = setting.workspace.path + "/image-copy"
    let words = [
      program, "--insecure-policy", "copy", "--dest-oci-accept-uncompressed-layers", "oci:\(store.path):latest",
      "oci:\(copy):latest",
    ]
    return Contender(name: "skopeo copy") {
      let time = try Program.time(words)
      try Program.run(["rm", "-r", copy])
      return time
    }
  }

  /// A layout with an image with one big layer.
  static func image(_ setting: Setting) throws -> Store {
    let store = try setting.store("image")
    try fill(store, size: setting.sizes.big)
    return store
  }

  private static func fill(_ store: Store, size: Int) throws {
    let layer = try store.addBig(size, seed: 4)
    let config =
      #"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:\#(layer)"]}}"#
    let manifest = """
      {"schemaVersion":2,"config":\(try described(config, "\(mediaType).config.v1+json", in: store)),"layers":[\
      \(descriptor("\(mediaType).layer.v1.tar", layer, size))]}
      """
    let entry = try described(manifest, "\(mediaType).manifest.v1+json", in: store).dropLast()
    let name = #""annotations":{"org.opencontainers.image.ref.name":"latest"}"#
    let index = #"{"schemaVersion":2,"manifests":[\#(entry),\#(name)}]}"#
    try Files.write(Array(index.utf8), to: store.path + "/index.new")
    try Files.rename(store.path + "/index.new", store.path + "/index.json")
  }

  private static func described(_ text: String, _ type: String, in store: Store) throws -> String {
    let bytes = Array(text.utf8)
    return descriptor(type, try store.add(bytes), bytes.count)
  }

  private static func descriptor(_ type: String, _ digest: String, _ size: Int) -> String {
    #"{"mediaType":"\#(type)","digest":"sha256:\#(digest)","size":\#(size)}"#
  }
}
