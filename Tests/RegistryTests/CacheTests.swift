import TestSupport
import Testing

/// What is kept of a registry on this machine.
@Suite(.needs(.fuse, .tools("curl", "jq", "python3", "skopeo"))) struct CacheTests {
  @Test("V1, V3: many readers share one download, and later ones need none")
  func shared() throws {
    try ScriptedMount().run(.test, "Cache/shared.sh")
  }

  @Test("V1: two mounts of the registry at once share what is kept")
  func twoMounts() throws {
    try ScriptedMount().run(.test, "Cache/two-mounts.sh")
  }

  @Test("V2: what is kept and has changed on the disk is not served")
  func changed() throws {
    try ScriptedMount().run(.test, "Cache/changed.sh")
  }

  @Test("V1: a download that kill -9 ends leaves nothing wrong, and what is kept is good", arguments: 0..<4)
  func killed(round: Int) throws {
    try ScriptedMount().run(.test, "Cache/killed.sh", ["tenths": "\(1 + round * 2)"])
  }

  @Test("V1: what is kept stays within its bound, and what was used longest ago goes")
  func bound() throws {
    try ScriptedMount().run(.test, "Cache/bound.sh")
  }

  @Test("V4: without verification a range of a large blob is read without the rest")
  func ranges() throws {
    try ScriptedMount().run(.test, "Cache/ranges.sh")
  }

  @Test(
    "V1 E7: with every bound there can be, everything is read", arguments: ["9223372036854775807", "8388607T", "0"])
  func anyBound(size: String) throws {
    try ScriptedMount().run(.test, "Cache/any-bound.sh", ["size": size])
  }

  @Test("V1 E7: a blob longer than the bound is read, fetched once, and goes when nobody reads it")
  func tooLong() throws {
    try ScriptedMount().run(.test, "Cache/too-long.sh")
  }

  @Test("V1 E7: what is being read is not removed by another, whose bound is lower")
  func inUse() throws {
    try ScriptedMount().run(.test, "Cache/in-use.sh")
  }

  @Test("E4 E7: many put and read with a cache that keeps nothing")
  func nothingKept() throws {
    try ScriptedMount().run(.test, "Cache/nothing-kept.sh")
  }

  @Test(
    "E7 E4 E11: the cache is made anew when somebody removes it",
    arguments: ["cache", "cache/casfs", "cache/casfs-notes"])
  func removed(what: String) throws {
    try ScriptedMount().run(.test, "Cache/removed.sh", ["what": what])
  }

  @Test("E7 E4: on a full disk what was used longest ago makes room for what is read and put", .needs(.root))
  func fullDisk() throws {
    try ScriptedMount().run(.test, "Cache/full-disk.sh")
  }

  @Test(
    "E7 V1: what is in the place of a blob in the cache is moved out of the way", arguments: ["empty", "full", "link"])
  func inTheWay(obstacle: String) throws {
    try ScriptedMount().run(.test, "Cache/in-the-way.sh", ["obstacle": obstacle])
  }
}
