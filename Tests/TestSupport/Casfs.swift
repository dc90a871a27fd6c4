import Foundation

/// The built executable, which is beside the test bundle.
public enum Casfs {
  /// Its path.
  public static let path: String = {
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return URL(filePath: own).deletingLastPathComponent().appending(path: "casfs").path
  }()

  /// Runs a command of casfs to its end.
  public static func run(_ arguments: [String], input: [UInt8] = []) throws -> CommandOutcome {
    try SystemCommand.run(path, arguments, input: input)
  }
}
