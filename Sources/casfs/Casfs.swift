import ArgumentParser
import CASPlatform
import Glibc

/// The command line: design, section 5.
///
/// Every command is synchronous, so the process has one thread until a command starts more.
@main
struct Casfs: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "casfs",
    abstract: "Keep OCI images in a content-addressable store.",
    discussion: """
      STORE is an OCI image layout: in a directory, as PATH or dir:PATH, or in a tar archive, as
      oci-archive:FILE, which is read in place.
      The manual page casfs(1) says more: every command, the exit status, the forms of output.
      """,
    version: "casfs \(Version.current)",
    subcommands: [
      Create.self, Mount.self, Unmount.self, Status.self, Blob.self, Ref.self, Copy.self, Clean.self,
      GarbageCollect.self, Fsck.self,
    ])

  func run() throws {
    throw ValidationError("a command is missing")
  }

  /// Runs what the arguments ask for, and ends the process.
  static func main() {
    StandardStream.openMissing()
    Glibc.exit(status(running: Array(CommandLine.arguments.dropFirst())))
  }

  private static func status(running arguments: [String]) -> Int32 {
    do {
      var command = try parseAsRoot(separatingOptions(withVerb(arguments)))
      try command.run()
      return 0
    } catch {
      return Report(error).deliver()
    }
  }

  /// mount(8) and mount.fuse3 call `casfs STORE DIR -o OPTIONS`, without a verb.
  private static func withVerb(_ arguments: [String]) -> [String] {
    guard arguments.count >= 4, arguments[2] == "-o", !arguments.prefix(2).contains(where: { $0.hasPrefix("-") }) else {
      return arguments
    }
    // A store may be called like a command; `mount STORE -o OPTIONS DIR` is one.
    let isMount = arguments.count == 4 || !configuration.subcommands.contains { $0._commandName == arguments[0] }
    return isMount ? ["mount"] + arguments : arguments
  }

  /// Takes `-oWORDS` for `-o WORDS`, as mount(8) does; the parser would look for an option where the words have a `=`.
  private static func separatingOptions(_ arguments: [String]) -> [String] {
    guard arguments.first == "mount" else { return arguments }
    let end = arguments.firstIndex(of: "--") ?? arguments.count
    let separated = arguments[..<end].flatMap { argument in
      argument.hasPrefix("-o") && argument.utf8.count > 2 ? ["-o", String(argument.dropFirst(2))] : [argument]
    }
    return separated + arguments[end...]
  }
}
