import ArgumentParser
import CASPlatform
import FUSE
import Glibc
import Synchronization

/// The command line, casfs(1).
///
/// Every command is synchronous: with an asynchronous root, the parser would start threads before a command can fork.
@main
struct Casfs: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "casfs",
    abstract: "Keep OCI images in a content-addressable store.",
    discussion: """
      STORE is an OCI image layout or a repository:

        PATH, dir:PATH            a layout in a directory
        oci-archive:FILE          a layout in a tar archive, read in place
        docker-archive:FILE       an archive of docker save or podman save, read in place
        docker://HOST/REPOSITORY  a repository of a registry

      A reference, such as a tag, is an argument of its own. See casfs(1) for every \
      command, the exit status and the formats of output.
      """,
    version: "casfs \(Version.current)",
    subcommands: [
      Create.self, Mount.self, Unmount.self, Reload.self, Status.self, Blob.self, Ref.self, Copy.self, Clean.self,
      GarbageCollect.self, Fsck.self, Seal.self, DiskUsage.self, ImageCommand.self,
    ])

  func run() throws {
    throw ValidationError("a command is missing")
  }

  /// Runs the command of the arguments, and exits.
  static func main() {
    // Before anything else, which would stay in the memory of a keeper.
    if let program = CommandLine.arguments.first, Keeper.isName(program) { Glibc.exit(Keeper.run()) }
    StandardStream.openMissing()
    let arguments = CommandLine.words
    if arguments.first == TakeOver.word { Glibc.exit(TakeOver.reply(to: arguments)) }
    guard let program = CommandLine.arguments.first else { Glibc.exit(status { arguments }) }
    if MountHelper.isName(program) {
      Glibc.exit(MountHelper.status(status { try MountHelper(arguments).arguments }))
    }
    Glibc.exit(
      status {
        guard let kept = try KeptMount.attach(asProgram: program) else { return arguments }
        Mount.kept.withLock { $0 = kept }
        return kept.arguments
      })
  }

  private static func status(running arguments: () throws -> [String]) -> Int32 {
    do {
      var command = try parseAsRoot(CommandWords(try arguments()).words)
      try command.run()
      return 0
    } catch {
      return Report(error).deliver()
    }
  }
}
