import Glibc

/// What the numbers were measured on.
enum Machine {
  /// A line about it.
  static func title(_ setting: Setting, rounds: Int) throws -> String {
    func line(_ words: String...) throws -> String {
      try Program.output(of: words, in: setting.workplace).split(separator: "\n").map(String.init).first ?? ""
    }
    let version = try line(setting.casfs, "--version")
    let kernel = try line("uname", "-sr")
    let processors = try line("nproc")
    let fileSystem = try line("findmnt", "-n", "-o", "FSTYPE", "-T", setting.workplace.path)
    let user = geteuid() == 0 ? "root" : "an ordinary user"
    return """
      \(version), \(kernel), \(processors) processors, \(fileSystem), as \(user); big blobs of \
      \(setting.sizes.big >> 20) MiB; median (smallest..largest) of rounds: \(rounds)
      """
  }
}
