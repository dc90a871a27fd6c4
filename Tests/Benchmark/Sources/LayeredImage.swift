/// An image of one layer, and its tree as it was unpacked.
struct LayeredImage {
  private static let mediaType = "application/vnd.oci.image"

  /// The path of its root file system in a mount.
  static let path = "images/image/rootfs"

  /// The store.
  let store: Store
  /// The unpacked tree.
  let tree: String
  /// The layer, as it is stored.
  let layer: String
  /// The path of the last small file in the tree.
  let lastFile: String

  /// Makes a tree of text files in directories of a hundred, one file of a size in bytes, and the image of them.
  init(_ setting: Setting, files: Int, big: Int, isCompressed: Bool = true) throws {
    let folderName = isCompressed ? "layered" : "layered-plain"
    let folder = "\(setting.workspace.path)/\(folderName)"
    (store, tree) = (try setting.store(folderName + "-store"), folder + "/tree")
    layer = folder + (isCompressed ? "/layer.tar.gz" : "/layer.tar")
    lastFile = "d\((files - 1) / 100)/f\(files - 1)"
    let script = #"""
      set -e; mkdir -p "$1/tree"; cd "$1/tree"; seq 200000 >../text
      awk -v files="$2" 'BEGIN { RS = "\001" } { text = $0 } END { for (n = 0; n < files; n++) { dir = "d" int(n / 100)
        if (n % 100 == 0) { system("mkdir " dir) }; name = dir "/f" n; printf "%s", substr(text, n * 37 % 600000 + 1, n * 7919 % 32768) >name
        close(name) } }' ../text
      head -c "$3" /dev/urandom >big; cd ..; tar -C tree --sort=name -cf layer.tar .
      case $5 in *.gz) gzip -k layer.tar;; esac
      sha256sum layer.tar | cut -d ' ' -f 1 >digest; sha256sum "$5" | cut -d ' ' -f 1 >blob; cp "$5" "$4/$(cat blob)"
      """#
    try Program.run(["sh", "-c", script, "sh", folder, String(files), String(big), store.blobs, layer])
    func line(_ name: String) throws -> String {
      try Files.text(of: "\(folder)/\(name)").split(separator: "\n").first.map(String.init) ?? ""
    }
    let content = Array(
      #"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:\#(try line("digest"))"]}}"#
        .utf8)
    let config = try Self.descriptor("config.v1+json", store.add(content), content.count)
    let size = Int(try Files.size(layer))
    let layers = Self.descriptor("layer.v1.tar" + (isCompressed ? "+gzip" : ""), try line("blob"), size)
    let manifest = Array(#"{"schemaVersion":2,"config":\#(config),"layers":[\#(layers)]}"#.utf8)
    let name = #","annotations":{"org.opencontainers.image.ref.name":"image"}"#
    let entry = Self.descriptor("manifest.v1+json", try store.add(manifest), manifest.count, name)
    try Files.write(Array(#"{"schemaVersion":2,"manifests":[\#(entry)]}"#.utf8), to: store.path + "/index.new")
    try Files.rename(store.path + "/index.new", store.path + "/index.json")
  }

  private static func descriptor(_ type: String, _ digest: String, _ size: Int, _ more: String = "") -> String {
    #"{"mediaType":"\#(mediaType).\#(type)","digest":"sha256:\#(digest)","size":\#(size)\#(more)}"#
  }
}
