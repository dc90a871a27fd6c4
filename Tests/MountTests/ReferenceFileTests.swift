import TestSupport
import Testing

/// References as files of `refs/`, in both layouts.
@Suite(.needs(.fuse)) struct ReferenceFileTests {
  static let layouts = ["index", "refs"]

  @Test("R1: the digest of a stored blob becomes a reference, with its size and media type", arguments: layouts)
  func digest(_ layout: String) throws {
    try ScriptedMount().run("ReferenceFile/digest.sh", ["layout": layout])
  }

  @Test("R1: a descriptor is taken as it is, but for its name; cp tags", arguments: layouts)
  func descriptor(_ layout: String) throws {
    try ScriptedMount().run("ReferenceFile/descriptor.sh", ["layout": layout])
  }

  @Test("R1: a reference takes the mode and the times that tools give it, and keeps none", arguments: layouts)
  func metadata(_ layout: String) throws {
    try ScriptedMount().run("ReferenceFile/metadata.sh", ["layout": layout])
  }

  @Test("R2: what makes no sense, is not stored or is taken is refused, and nothing changes", arguments: layouts)
  func refusals(_ layout: String) throws {
    try ScriptedMount().run("ReferenceFile/refusals.sh", ["layout": layout])
  }

  @Test("R3: rm takes a name away, mv moves it in one step, readers keep what they opened", arguments: layouts)
  func moving(_ layout: String) throws {
    try ScriptedMount().run("ReferenceFile/moving.sh", ["layout": layout])
  }

  @Test("R3 T1: mkdir makes room for nested names, and a name with % is one", arguments: layouts)
  func nested(_ layout: String) throws {
    try ScriptedMount().run("ReferenceFile/nested.sh", ["layout": layout])
  }

  @Test("R3 T3: who changes a tag sees it changed, however long the list is and however many look")
  func ownChanges() throws {
    try ScriptedMount.mounted().run("ReferenceFile/own-changes.sh")
  }

  @Test("R3: a tag that moves has a new time, so that copies of it are brought up to date", arguments: layouts)
  func times(_ layout: String) throws {
    try ScriptedMount().run("ReferenceFile/times.sh", ["layout": layout])
  }

  @Test("R3: of two that move tags to one name at once, through two mounts, without replacing, one goes through")
  func moveRace() throws {
    try ScriptedMount.mounted().run("ReferenceFile/move-race.sh")
  }

  @Test("R2: of many that tag one name at once, through two mounts and the command, one wins")
  func race() throws {
    try ScriptedMount.mounted().run("ReferenceFile/race.sh")
  }
}
