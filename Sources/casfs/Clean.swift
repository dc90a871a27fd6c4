import ArgumentParser
import CAS

/// `casfs clean`: removes the temporary files of killed processes.
struct Clean: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Remove the temporary files of interrupted work.",
    discussion: """
      Removes only abandoned temporary files of casfs: never a blob, a reference, a file of another program, or a file \
      that is still being written. Prints their number.
      """)

  @OptionGroup var target: StoreArgument

  func run() throws {
    let engine = try target.open()
    defer { engine.close() }
    var output = Output()
    try output.line("\(try engine.clean()) removed")
    try output.flush()
  }
}
