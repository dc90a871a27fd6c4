import TestSupport
import Testing

/// References as files of `refs/`, in both layouts.
@Suite(.needs(.fuse)) struct ReferenceFileTests {
  static let layouts = ["index", "refs"]

  @Test("R1: the digest of a stored blob becomes a reference, with its size and media type", arguments: layouts)
  func digest(_ layout: String) throws {
    try ScriptedMount().run("ReferenceFile/digest.sh", ["layout": layout])
  }

  @Test("R1: a descriptor is kept except for its name; cp tags", arguments: layouts)
  func descriptor(_ layout: String) throws {
    try ScriptedMount().run("ReferenceFile/descriptor.sh", ["layout": layout])
  }

  @Test("R1: a reference accepts the mode and times that tools set, and keeps neither", arguments: layouts)
  func metadata(_ layout: String) throws {
    try ScriptedMount().run("ReferenceFile/metadata.sh", ["layout": layout])
  }

  @Test("R2: a malformed value, an absent target and a taken name are errors, and nothing changes", arguments: layouts)
  func refusals(_ layout: String) throws {
    try ScriptedMount().run("ReferenceFile/refusals.sh", ["layout": layout])
  }

  @Test("R3: rm removes a name, mv moves it in one step, readers keep the version they opened", arguments: layouts)
  func moving(_ layout: String) throws {
    try ScriptedMount().run("ReferenceFile/moving.sh", ["layout": layout])
  }

  @Test("R3 T1: mkdir makes room for nested names, and a name with % is one", arguments: layouts)
  func nested(_ layout: String) throws {
    try ScriptedMount().run("ReferenceFile/nested.sh", ["layout": layout])
  }

  @Test("R3 T3: a caller sees its own change of a tag immediately, with many references and concurrent readers")
  func ownChanges() throws {
    try ScriptedMount.mounted().run("ReferenceFile/own-changes.sh")
  }

  @Test("R3: a moved tag has a new time, so that rsync updates copies of it", arguments: layouts)
  func times(_ layout: String) throws {
    try ScriptedMount().run("ReferenceFile/times.sh", ["layout": layout])
  }

  @Test("T2 R3: names from a listing follow renames and copies that come directly after it", arguments: layouts)
  func listed(_ layout: String) throws {
    try ScriptedMount().run("ReferenceFile/listed.sh", ["layout": layout])
  }

  @Test("R3: exactly one of two concurrent renames without replacement to one name, through two mounts, succeeds")
  func moveRace() throws {
    try ScriptedMount.mounted().run("ReferenceFile/move-race.sh")
  }

  @Test("R2: exactly one of concurrent writers of one tag, through two mounts and the command, succeeds")
  func race() throws {
    try ScriptedMount.mounted().run("ReferenceFile/race.sh")
  }

  @Test("R2: exactly one of several opens of a new name in one process succeeds", arguments: layouts)
  func severalOpens(_ layout: String) throws {
    try ScriptedMount().run("ReferenceFile/several-opens.sh", ["layout": layout])
  }
}
