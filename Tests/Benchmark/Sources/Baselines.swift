import Glibc

/// FUSE file systems of Debian that can show a directory at another place.
struct Baselines {
  /// The installed ones.
  private(set) var fileSystems: [FileSystem] = []
  /// The omitted ones, with the reasons.
  private(set) var notes: [String] = []

  /// Looks for them.
  init(_ workspace: Workspace) {
    addBindfs()
    addPassthrough(workspace)
    addSquashfuse()
    for (name, programs) in [("skopeo copy", ["skopeo"]), ("ctr content ingest", ["containerd", "ctr"])] {
      let missing = programs.filter { Program.find($0) == nil }
      if !missing.isEmpty { notes.append("\(name): \(missing.joined(separator: " and ")) not installed") }
    }
  }

  private mutating func addBindfs() {
    guard let program = Program.find("bindfs") else { return notes.append("bindfs: not installed") }
    fileSystems.append(
      FileSystem(name: "bindfs", mounting: { [program, "--no-allow-other", $0.path, $1] }))
  }

  /// libfuse's example, which Debian ships as a source.
  private mutating func addPassthrough(_ workspace: Workspace) {
    let source = "/usr/share/doc/libfuse3-dev/examples/passthrough_ll.c"
    let program = workspace.path + "/passthrough_ll"
    do {
      let script = #"TMPDIR=$1 cc -O2 -w -o "$2" "$3" $(pkg-config --cflags --libs fuse3)"#
      try Program.run(["sh", "-c", script, "sh", workspace.path, program, source])
    } catch {
      return notes.append("passthrough_ll: needs libfuse3-dev with its examples, and a C compiler")
    }
    var limit = rlimit()
    unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    // It keeps a descriptor open for every file that the kernel knows.
    let capacity = Int(clamping: limit.rlim_cur) - 100
    fileSystems.append(
      FileSystem(
        name: "passthrough_ll", capacity: capacity,
        mounting: { [program, "-o", "source=\($0.path)", $1] }))
  }

  private mutating func addSquashfuse() {
    guard let program = Program.find("squashfuse"), let maker = Program.find("mksquashfs") else {
      return notes.append("squashfuse: needs squashfuse and squashfs-tools")
    }
    fileSystems.append(
      FileSystem(
        name: "squashfuse",
        mounting: { store, place in
          let image = store.path + ".squashfs"
          if unsafe access(image, F_OK) != 0 {
            try Program.run([maker, store.path, image, "-noI", "-noD", "-noF", "-noX", "-no-progress"])
          }
          return [program, image, place]
        }))
  }
}
