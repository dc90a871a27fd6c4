public import Foundation

/// The project's own files.
public enum Project {
  /// Its root, by a path that the user of the tests can reach.
  public static let folder: URL =
    ProcessInfo.processInfo.environment["CASFS_PROJECT"].map { URL(filePath: $0) }
    ?? URL(filePath: #filePath).appending(path: "../../..").standardizedFileURL

  /// The scripts of a test target, which a `#fileID` begins with.
  static func scripts(of fileID: String) -> URL {
    let target = fileID.split(separator: "/").first ?? ""
    return folder.appending(path: "Tests/\(target)/Scripts")
  }
}
