/// Starting the program.
enum StartUp: Suite {
  static let name = "start"

  private static let count = 20

  static func comparisons(_ setting: Setting) throws -> [Comparison] {
    [
      Comparison(
        work: "casfs --version", quantity: .time, target: .value(0.01), baselines: [starting(["true"], "true")],
        subjects: [starting([setting.casfs, "--version"], "casfs")])
    ]
  }

  private static func starting(_ words: [String], _ name: String) -> Contender {
    Contender(name: name) {
      try seconds { for _ in 0..<count { try Program.run(words) } } / Double(count)
    }
  }
}
