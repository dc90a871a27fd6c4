import ArgumentParser
import CAS
import CASPlatform
import OCI

/// `casfs fsck`: checks a store.
struct Fsck: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Look for damage in a store.",
    discussion: """
      Reads every blob, and prints a line with kind, subject and reason for each problem; a line ends with "note" if the \
      problem is not damage. Nothing is changed: corrupt or missing content is repaired by putting it again.
      """)

  @OptionGroup var target: StoreArgument
  @OptionGroup var links: LinkOptions

  @Flag(help: "Fail also if there are notes and no damage.")
  var strict = false

  @Flag(help: "Print one JSON object per line, with problem, severity, subject and reason.")
  var json = false

  func run() throws {
    let engine = try target.openReadOnly(links)
    defer { engine.close() }
    var output = Output()
    var bar: ProgressBar?
    defer { bar?.clear() }
    var count = 0
    try engine.check(
      progress: { (progress) in
        bar = bar ?? ProgressBar(total: progress.total, isEnabled: !StandardStream.output.isTerminal)
        bar?.update(progress.done)
      },
      { (problem) throws(CASError) in
        if problem.isDamage || strict { count += 1 }
        try report(problem, &output)
      })
    try output.flush()
    bar?.clear()
    guard count == 0 else {
      throw CASError(
        .invalid, operation: "check store", subject: target.store,
        cause: count == 1 ? "a problem was found" : "\(count) problems were found")
    }
  }

  private func report(_ problem: StoreProblem, _ output: inout Output) throws(CASError) {
    guard json else {
      let columns = [problem.kind.rawValue, problem.subject, problem.reason] + (problem.isDamage ? [] : ["note"])
      return try output.line(columns)
    }
    try output.line(
      .object([
        JSON.Member("problem", .string(problem.kind.rawValue)),
        JSON.Member("severity", .string(problem.isDamage ? "damage" : "note")),
        JSON.Member("subject", .string(problem.subject)), JSON.Member("reason", .string(problem.reason)),
      ]))
  }
}
