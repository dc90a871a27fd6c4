/// `ls` of a directory with many blobs.
enum Listings: Suite {
  static let name = "listings"

  static func comparisons(_ setting: Setting) throws -> [Comparison] {
    let views = try setting.views(of: try setting.storeWithManyBlobs(), files: setting.sizes.blobs)
    let count = setting.sizes.blobs
    return [
      views.comparison("ls -f of \(count) blobs", .time, .time(2)) { try Program.run(["ls", "-f", $0]) },
      views.comparison("ls -l of \(count) blobs", .time, .time(4)) { try Program.run(["ls", "-l", $0]) },
    ]
  }
}
