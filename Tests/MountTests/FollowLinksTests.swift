import TestSupport
import Testing

@Suite(.needs(.fuse), .boundedInTime)
struct FollowLinksTests {
  @Test("G4: every reading command and a mount read a store of links with the option, and name it without")
  func reads() throws {
    try ScriptedMount().run("FollowLinks/reads.sh")
  }
}
