import Foundation
import TestSupport
import Testing

/// The fixture of all tests on mounts.
@Suite(.needs(.fuse)) struct ScriptedMountTests {
  @Test("A scripted mount removes its mounts, among many others", .needs(.root))
  func takenDown() throws {
    let many = try ScriptedMount()
    try many.runLine("mkdir p{1..100}; for i in {1..100}; do mount --bind p$i p$i; done")
    var mounted: ScriptedMount? = try ScriptedMount.mounted()
    let path = try #require(mounted?.path)
    mounted = nil
    #expect(!FileManager.default.fileExists(atPath: path))
  }
}
