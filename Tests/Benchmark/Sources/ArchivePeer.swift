import Glibc

/// Another FUSE file system that shows a layer, or an image of the same tree in a format of its own.
final class ArchivePeer {
  /// Its name in the report.
  let name: String
  /// The mount point.
  let place: String
  private let command: [String]
  /// The file with what it learns from a layer; `nil` if it keeps none.
  private let index: String?
  private var isMounted = false

  private init(_ name: String, _ setting: Setting, _ command: [String], index: String? = nil) throws {
    self.name = name
    self.command = command
    self.index = index
    place = "\(setting.workspace.path)/peer-\(name)"
    try Files.makeDirectory(place)
  }

  /// The installed ones. Images in other formats are made here.
  static func installed(_ image: LayeredImage, _ setting: Setting) throws -> [ArchivePeer] {
    guard setting.hasPeers else { return [] }
    var peers: [ArchivePeer] = []
    if let program = Program.find("ratarmount") {
      let index = setting.workspace.path + "/ratarmount.index"
      peers.append(
        try ArchivePeer("ratarmount", setting, [program, "--index-file", index, image.layer], index: index))
    }
    for name in ["fuse-archive", "archivemount"] {
      if let program = Program.find(name) { peers.append(try ArchivePeer(name, setting, [program, image.layer])) }
    }
    let other = image.tree + ".image"
    if let program = Program.find("squashfuse"), let maker = Program.find("mksquashfs") {
      try Program.run([maker, image.tree, other, "-noappend", "-no-progress"])
      peers.append(try ArchivePeer("squashfuse", setting, [program, other]))
    }
    if let program = Program.find("erofsfuse"), let maker = Program.find("mkfs.erofs") {
      try Program.run([maker, "-zlz4hc", other + ".erofs", image.tree])
      peers.append(try ArchivePeer("erofsfuse", setting, [program, other + ".erofs"]))
    }
    return peers
  }

  /// Mounts unless it is mounted.
  func mount() throws {
    guard !isMounted else { return }
    try Program.run(command + [place])
    isMounted = true
  }

  /// Mounts again.
  ///
  /// - Parameter isFirst: whether it learns the layer anew.
  func renew(isFirst: Bool = false) throws {
    if isMounted { try Program.run(["fusermount3", "-u", place]) }
    isMounted = false
    if isFirst, let index { unsafe unlink(index) }
    try mount()
  }
}
