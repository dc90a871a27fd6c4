import Glibc

/// The machine of the measurements.
enum Machine {
  /// A line that describes it.
  static func title(_ setting: Setting, rounds: Int) throws -> String {
    func line(_ words: String...) throws -> String {
      try Program.output(of: words, in: setting.workspace).split(separator: "\n").map(String.init).first ?? ""
    }
    let version = try line(setting.casfs, "--version")
    let kernel = try line("uname", "-sr")
    let processors = try line("nproc")
    let fileSystem = try line("findmnt", "-n", "-o", "FSTYPE", "-T", setting.workspace.path)
    let user = geteuid() == 0 ? "root" : "an ordinary user"
    return """
      \(version), \(kernel), \(processors) processors, \(fileSystem), as \(user); big blobs of \
      \(setting.sizes.big >> 20) MiB; median (smallest..largest) of rounds: \(rounds)
      """
  }

  /// Allocates and frees the memory that a copy of `size` bytes will take. The free memory of a virtual machine may
  /// belong to its host, which provides it more slowly than a disk writes, so that the second contender would be
  /// faster.
  static func takeMemory(_ size: Int) {
    let size = size * 3 / 2
    let memory = unsafe mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0)
    if let memory = unsafe memory, unsafe memory != MAP_FAILED { unsafe munmap(memory, size) }
  }
}
