import ArgumentParser

/// `casfs ref`: commands for references.
struct Ref: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Put, get, list and remove references.",
    subcommands: [RefPut.self, RefGet.self, RefList.self, RefRemove.self])

  func run() throws {
    throw ValidationError("'casfs ref' needs one of the commands put, get, ls and rm")
  }
}
