/// Programs that read whole trees, with many small blobs.
enum Traversal: Suite {
  static let name = "crawls"

  static func comparisons(_ setting: Setting) throws -> [Comparison] {
    let views = try setting.views(of: try setting.storeWithManyBlobs(), files: setting.sizes.blobs)
    let count = setting.sizes.blobs
    return [
      views.comparison(
        "grep -r in \(count) blobs, not verified before", .time, prepare: { try $0?.renew() }, body: grep),
      views.comparison("grep -r in \(count) blobs", .time, body: grep),
      views.comparison("find -ls of \(count) blobs", .time) { try Program.run(["find", $0, "-ls"]) },
      views.comparison("sha256sum of \(count) blobs", .time) {
        try Program.run(["sh", "-c", "find \"$1\" -type f -print0 | xargs -0 sha256sum", "sh", $0])
      },
    ]
  }

  /// Searches for an absent text, because grep stops at the first match when its output is /dev/null.
  private static func grep(_ blobs: String) throws {
    try Program.run(["sh", "-c", "! grep -r 'in no blob' \"$1\"", "sh", blobs])
  }
}
