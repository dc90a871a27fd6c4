import Foundation
import TestSupport
import Testing

/// Common tools, at every place of the tree.
@Suite(
  .needs(
    .fuse, .root,
    .tools("curl", "ed", "fallocate", "flock", "jq", "python3", "rsync", "setfacl", "setfattr", "vim.tiny", "wget")))
struct ToolMatrixTests {
  @Test(
    "I8 I10 B1 T5: a tool works as on a disk, or fails with the right error and leaves nothing",
    arguments: ToolMatrix.groups)
  func tools(_ group: ToolMatrix.Group) throws {
    let results = Dictionary(grouping: try ToolMatrix.results(group.rows), by: \.row)
    for (number, row) in group.rows.enumerated() {
      let results = results[number] ?? []
      #expect(Set(results.map(\.place.rawValue)) == Set(row.outcomes.keys), "\(row.title)")
      for result in results {
        #expect(
          result.verdict == row.outcomes[result.place.rawValue],
          "\(row.title) in \(result.place.rawValue): \(result.details)")
      }
    }
  }

  @Test("C2: the table of casfs-tools(7) matches the tests; CASFS_WRITE_MANUAL=1 updates it")
  func manual() throws {
    let manual = try ToolManual()
    if ProcessInfo.processInfo.environment["CASFS_WRITE_MANUAL"] != nil { try manual.write() }
    #expect(try ToolManual().text == manual.updated)
  }
}
