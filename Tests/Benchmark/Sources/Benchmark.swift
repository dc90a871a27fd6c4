import ArgumentParser
import Glibc

/// Measures casfs against the same work done natively, and against its peers.
@main
struct Benchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "benchmark",
    abstract: "Measure casfs against the same work done natively, and against its peers.",
    discussion: """
      Every row has the median of the rounds, and the smallest and the largest value. Ratios are taken round by round. \
      A round more than asked for comes first and is not counted. Everything is made in TMPDIR, or in /var/tmp, and \
      removed at the end. As root everything is measured; others can do without the rows that need it.
      """)

  private static let names = suites.map { $0.name } + [OrdinaryUser.name]

  @Option(help: "What to measure, of \(names.joined(separator: ",")).")
  var rows = names.joined(separator: ",")

  @Option(help: "How many blobs a big store has.")
  var blobs = 100_000

  @Option(help: "The size of a big blob in GiB.")
  var size = 1.0

  @Option(help: "The size in GiB of the blob that is read while memory is watched.")
  var streamed = 10

  @Option(help: "How many small files are written.")
  var files = 10_000

  @Option(help: "How many rounds are counted.")
  var rounds = 5

  @Option(help: "Words for casfs mount -o; given several times, all are compared.")
  var mountOptions: [String] = []

  @Option(help: "The casfs program; by default it is built.", completion: .file())
  var casfs: String?

  @Flag(inversion: .prefixedNo, help: "Measure peers too.")
  var peers = true

  func validate() throws {
    guard rounds > 0, blobs > 0, size > 0, streamed > 0, files > 0 else {
      throw ValidationError("Counts and sizes must be more than 0.")
    }
    if let other = names.first(where: { !Self.names.contains($0) }) {
      throw ValidationError("There are no rows '\(other)'.")
    }
  }

  func run() throws {
    let program = try casfs ?? CasfsBinary.build()
    let workspace = try Workspace()
    try workspace.removeAtSignals()
    defer { workspace.remove() }
    let found = peers ? Baselines(workspace) : nil
    let setting = Setting(
      workspace, casfs: program, mountOptions: mountOptions,
      sizes: Sizes(
        big: Int(size * 1024) << 20, streamed: streamed << 30, blobs: blobs, files: files),
      peers: found)
    try measure(setting)
    Report.end(leftOut: (found?.notes ?? []) + setting.notes.sorted())
    if names.contains(OrdinaryUser.name), geteuid() == 0 { try OrdinaryUser.run(setting, argumentsForUser) }
  }

  private func measure(_ setting: Setting) throws {
    let chosen = suites.filter { names.contains($0.name) }
    guard !chosen.isEmpty else { return }
    Report.begin(try Machine.title(setting, rounds: rounds))
    for suite in chosen {
      for comparison in try suite.comparisons(setting) {
        Report.add(comparison, try comparison.run(rounds: rounds))
      }
      setting.workspace.unmountAll()
    }
  }

  private var names: [String] { rows.split(separator: ",").map(String.init) }

  private var argumentsForUser: [String] {
    ["--size", String(size), "--rounds", String(rounds), peers ? "--peers" : "--no-peers"]
      + mountOptions.flatMap { ["--mount-options", $0] }
  }
}
