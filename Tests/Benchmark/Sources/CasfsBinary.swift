/// The casfs program of the package that this one is in.
enum CasfsBinary {
  /// Builds it as the README does.
  ///
  /// - Returns: its path.
  static func build() throws -> String {
    // Tests/Benchmark/Sources/CasfsBinary.swift
    let root = #filePath.split(separator: "/").dropLast(4).map { "/" + $0 }.joined()
    // Its output is not part of the report.
    let script =
      #"exec swift build --package-path "$1" -c release --static-swift-stdlib --product casfs >&2"#
    try Program.run(["sh", "-c", script, "sh", root], output: nil)
    return root + "/.build/release/casfs"
  }
}
