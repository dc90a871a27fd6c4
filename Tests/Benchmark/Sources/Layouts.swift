import Glibc

/// Tools of image layouts, which write to a mount as to a directory.
enum Layouts: Suite {
  static let name = "layouts"
  private static let mediaType = "application/vnd.oci.image.manifest.v1+json"

  static func comparisons(_ setting: Setting) throws -> [Comparison] {
    let indexes = try [100, 100_000].map { (count) in
      let store = try setting.store("index-\(count)")
      try replaceIndex(of: store, by: index(count))
      return Comparison(
        work: "write an index of \(count) entries and one more", quantity: .time, target: .time(count == 100 ? 2 : 3),
        baselines: [native(count, setting)],
        subjects: try setting.subjects.map { try changing(store, count, through: $0, setting) },
        peers: [native(count, setting, isRenameDurable: true)])
    }
    return indexes + (try copies(setting)) + (try lostUpdates(setting))
  }

  // MARK: The index

  /// Writes, synchronizes and renames such a file.
  ///
  /// - Parameter isRenameDurable: whether the directory is synchronized too, as that of a store is.
  static func native(_ count: Int, _ setting: Setting, isRenameDurable: Bool = false) -> Contender {
    let path = "\(setting.workspace.path)/index-\(count).json"
    return Contender(name: isRenameDurable ? "native, directory synchronized" : "native") {
      let text = index(count, more: "new")
      return try seconds {
        try Files.write(text, to: path + ".new", isDurable: true)
        try Files.rename(path + ".new", path)
        if isRenameDurable { try Files.syncDirectory(setting.workspace.path) }
      }
    }
  }

  /// Reads the index through a mount, adds an entry, and writes it in place.
  private static func changing(
    _ store: Store, _ count: Int, through fileSystem: FileSystem, _ setting: Setting
  ) throws -> Contender {
    let mount = try setting.mount(store, by: fileSystem)
    var round = 0
    return Contender(name: fileSystem.name) {
      if round == 0 { try mount.mount() }
      round += 1
      let path = mount.place + "/index.json"
      let text = try Files.text(of: path)
      guard let end = text.utf8.lastIndex(of: UInt8(ascii: "]")) else { throw Failure("no list in \(path)") }
      let added = Array(text[..<end].utf8) + Array(",\(entry("new-\(round)"))".utf8) + Array(text[end...].utf8)
      return try seconds {
        let file = try Files.open(path, O_WRONLY | O_TRUNC)
        defer { close(file) }
        try Files.write(added, to: file, path)
      }
    }
  }

  static func replaceIndex(of store: Store, by text: [UInt8]) throws {
    try Files.write(text, to: store.path + "/index.new")
    try Files.rename(store.path + "/index.new", store.path + "/index.json")
  }

  static func index(_ count: Int, more: String? = nil) -> [UInt8] {
    let names = (0..<count).map { "tag-\($0)" } + [more].compactMap(\.self)
    return Array(#"{"schemaVersion":2,"manifests":["#.utf8) + Array(names.map(entry).joined(separator: ",").utf8)
      + Array("]}".utf8)
  }

  private static func entry(_ name: String) -> String {
    // Digests need only differ.
    let hash: UInt64 = name.utf8.reduce(14_695_981_039_346_656_037) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
    let digits = String(hash, radix: 16)
    let digest = String(repeating: "0", count: 64 - digits.count) + digits
    return #"{"mediaType":"\#(mediaType)","digest":"sha256:\#(digest)","size":1234,"#
      + #""annotations":{"org.opencontainers.image.ref.name":"\#(name)"}}"#
  }

  // MARK: skopeo

  /// `skopeo copy` of an image with one big layer, into a directory and into a mount.
  private static func copies(_ setting: Setting) throws -> [Comparison] {
    guard let program = Program.find("skopeo") else { return [] }
    let image = try Skopeo.image(setting)
    let plain = "\(setting.workspace.path)/copied"
    func words(_ place: String) -> [String] {
      [
        program, "--insecure-policy", "copy", "--dest-oci-accept-uncompressed-layers", "oci:\(image.path):latest",
        "oci:\(place):latest",
      ]
    }
    let native = Contender(name: "directory") {
      let time = try Program.time(words(plain))
      try Program.run(["rm", "-r", plain])
      return time
    }
    return [
      Comparison(
        work: "skopeo copy into a layout", quantity: .time, target: .time(1.15), baselines: [native],
        subjects: try setting.subjects.map { (fileSystem) in
          let store = try setting.store("skopeo-\(fileSystem.name)")
          let mount = try setting.mount(store, by: fileSystem)
          return Contender(name: fileSystem.name) {
            try mount.mount()
            let time = try Program.time(words(mount.place))
            try Files.empty(store.blobs)
            return time
          }
        })
    ]
  }

  // MARK: Lost updates

  /// Four tools that make 25 tags each, concurrently: the number of tags that are lost.
  private static func lostUpdates(_ setting: Setting) throws -> [Comparison] {
    let programs = Dictionary(
      ["skopeo", "umoci", "buildah", "jq"].compactMap { (name) in Program.find(name).map { (name, $0) } }
    ) { (first, _) in first }
    guard let skopeo = programs["skopeo"], let umoci = programs["umoci"] else { return [] }
    let image = "\(setting.workspace.path)/tagged-image"
    try Program.run([umoci, "init", "--layout", image])
    try Program.run([umoci, "new", "--image", "\(image):v1"])
    let tools = programs.keys.sorted()
    let random = (0..<2).map { _ in (0..<4).map { _ in tools.randomElement() ?? "skopeo" }.sorted() }
    let mixes = [["skopeo", "skopeo", "umoci", "umoci"], ["skopeo", "skopeo", "skopeo", "skopeo"], tools] + random
    return try mixes.enumerated().map { (number, mix) in
      try lostUpdates(Array(mix), number, setting) { (place) in
        [
          "env", "skopeo=\(skopeo)", "umoci=\(umoci)", "buildah=\(programs["buildah"] ?? "")",
          "jq=\(programs["jq"] ?? "")", "image=\(image)", "work=\(setting.workspace.path)", "sh", "-c", script, "sh",
          place,
        ] + mix
      }
    }
  }

  /// Makes tags in a layout, which has one called `base`, by the tools that are named, and prints how many are lost.
  private static let script = """
    cd "$1" && shift
    acknowledged=$work/acknowledged
    "$skopeo" --insecure-policy copy -q "oci:$image:v1" "oci:$PWD:base"
    buildah() { "$buildah" --storage-driver vfs --root "$work/buildah" --runroot "$work/run" "$@"; }
    case " $* " in *" buildah "*) buildah pull -q "oci:$image:v1" >"$work/id" ;; esac
    name='.annotations["org.opencontainers.image.ref.name"]'
    make() {
      case $1 in
        skopeo) "$skopeo" --insecure-policy copy -q "oci:$image:v1" "oci:$PWD:$2" ;;
        umoci) "$umoci" new --image "$PWD:$2" ;;
        buildah) buildah push -q "$(cat "$work/id")" "oci:$PWD:$2" ;;
        jq)
          "$jq" -c --arg tag "$2" ".manifests += [.manifests[0] | $name = \\$tag]" index.json >".index.json.$2" &&
            mv ".index.json.$2" index.json ;;
      esac
    }
    write() {
      for i in $(seq 25); do make "$1" "$2-$i" && echo "$2-$i" >>"$acknowledged"; done 2>/dev/null
      true
    }
    : >"$acknowledged"
    number=0
    for tool; do
      number=$((number + 1))
      write "$tool" $number &
    done
    wait
    "$umoci" ls --layout . | sort >"$acknowledged.listed"
    sort "$acknowledged" | comm -23 - "$acknowledged.listed" | wc -l
    """

  /// - Parameter words: the command that works in a layout and prints the number of lost tags.
  private static func lostUpdates(
    _ mix: [String], _ number: Int, _ setting: Setting, _ words: @escaping (String) -> [String]
  ) throws -> Comparison {
    func lost(in place: String) throws -> Double {
      let output = try Program.output(of: words(place), in: setting.workspace)
      guard let count = Double(output.filter { !$0.isWhitespace }) else { throw Failure("no count: \(output)") }
      return count
    }
    let directory = Contender(name: "directory") {
      let plain = "\(setting.workspace.path)/lossy"
      try Program.run(["cp", "-r", "\(setting.workspace.path)/tagged-image", plain])
      let count = try lost(in: plain)
      try Program.run(["rm", "-r", plain])
      return count
    }
    return Comparison(
      work: "tags lost of 100, by \(mix.joined(separator: ", "))", quantity: .count, target: .value(0),
      baselines: [directory],
      subjects: try setting.subjects.map { (fileSystem) in
        let store = try setting.store("lossless-\(number)-\(fileSystem.name)")
        let mount = try setting.mount(store, by: fileSystem)
        return Contender(name: fileSystem.name) {
          try mount.renew()
          return try lost(in: mount.place)
        }
      })
  }
}
