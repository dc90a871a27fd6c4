import ArgumentParser
import CAS

/// `casfs clean`: removes what killed processes left behind.
struct Clean: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Remove what interrupted work left behind.",
    discussion: """
      Only abandoned temporary files of casfs go: never a blob, a reference, a file of another program, or anything \
      that is still being written. Prints how many there were.
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
