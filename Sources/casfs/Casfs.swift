import ArgumentParser
import CASPlatform
import Glibc

/// The command line, casfs(1).
///
/// Every command is synchronous: with an asynchronous root, the parser would start threads before a command can fork.
@main
struct Casfs: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "casfs",
    abstract: "Keep OCI images in a content-addressable store.",
    discussion: """
      STORE is an OCI image layout: in a directory, as PATH or dir:PATH, or in a tar archive, as
      oci-archive:FILE, which is read in place.
      See casfs(1) for every command, the exit status and the formats of output.
      """,
    version: "casfs \(Version.current)",
    subcommands: [
      Create.self, Mount.self, Unmount.self, Status.self, Blob.self, Ref.self, Copy.self, Clean.self,
      GarbageCollect.self, Fsck.self,
    ])

  func run() throws {
    throw ValidationError("a command is missing")
  }

  /// Runs the command of the arguments, and exits.
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

  /// Inserts the verb `mount` where mount(8) and mount.fuse3 omit it: `casfs STORE DIR -o OPTIONS`.
  private static func withVerb(_ arguments: [String]) -> [String] {
    guard arguments.count >= 4, arguments[2] == "-o", !arguments.prefix(2).contains(where: { $0.hasPrefix("-") }) else {
      return arguments
    }
    // The name of a store may be that of a command, but `mount STORE -o OPTIONS DIR` has its verb.
    let isMount = arguments.count == 4 || !configuration.subcommands.contains { $0._commandName == arguments[0] }
    return isMount ? ["mount"] + arguments : arguments
  }

  /// Splits `-oWORDS` into `-o WORDS`, as mount(8) allows. The parser would treat a `=` in the words as its own.
  private static func separatingOptions(_ arguments: [String]) -> [String] {
    guard arguments.first == "mount" else { return arguments }
    let end = arguments.firstIndex(of: "--") ?? arguments.count
    let separated = arguments[..<end].flatMap { argument in
      argument.hasPrefix("-o") && argument.utf8.count > 2 ? ["-o", String(argument.dropFirst(2))] : [argument]
    }
    return separated + arguments[end...]
  }
}
