import TestSupport
import Testing

/// The local cache of a registry.
@Suite(.needs(.fuse, .tools("curl", "jq", "python3", "skopeo"))) struct CacheTests {
  @Test("V1, V3: concurrent readers share one download, and later ones need none")
  func shared() throws {
    try ScriptedMount().run(.test, "Cache/shared.sh")
  }

  @Test("V1: two mounts of a registry share the cache")
  func twoMounts() throws {
    try ScriptedMount().run(.test, "Cache/two-mounts.sh")
  }

  @Test("V2: a cached blob that changed on disk is not served")
  func changed() throws {
    try ScriptedMount().run(.test, "Cache/changed.sh")
  }

  @Test("V1: a download ended by kill -9 leaves nothing wrong, and the cache is intact", arguments: 0..<4)
  func killed(round: Int) throws {
    try ScriptedMount().run(.test, "Cache/killed.sh", ["tenths": "\(1 + round * 2)"])
  }

  @Test("V1: the cache stays within its limit and evicts the least recently used blob")
  func bound() throws {
    try ScriptedMount().run(.test, "Cache/bound.sh")
  }

  @Test("V4: without verification a range of a large blob is read without the rest")
  func ranges() throws {
    try ScriptedMount().run(.test, "Cache/ranges.sh")
  }

  @Test(
    "V1 E7: everything is read with every limit of the cache", arguments: ["9223372036854775807", "8388607T", "0"])
  func anyBound(size: String) throws {
    try ScriptedMount().run(.test, "Cache/any-bound.sh", ["size": size])
  }

  @Test("V5: a later mount does not hash a cached blob that an earlier one fetched", .needs(.root, .loop))
  func remembered() throws {
    try ScriptedMount().run(.test, "Cache/remember.sh")
  }

  @Test("V1 E7: a blob larger than the limit is fetched once, read, and evicted after its last reader")
  func tooLong() throws {
    try ScriptedMount().run(.test, "Cache/too-long.sh")
  }

  @Test("V1 E7: a process with a lower limit does not evict a blob that another reads")
  func inUse() throws {
    try ScriptedMount().run(.test, "Cache/in-use.sh")
  }

  @Test("E4 E7: concurrent puts and reads work with a cache of limit 0")
  func nothingKept() throws {
    try ScriptedMount().run(.test, "Cache/nothing-kept.sh")
  }

  @Test(
    "E7 E4 E11: a removed cache is created again",
    arguments: ["cache", "cache/casfs", "cache/casfs-notes"])
  func removed(what: String) throws {
    try ScriptedMount().run(.test, "Cache/removed.sh", ["what": what])
  }

  @Test("E7 E4: a full disk evicts least recently used blobs for reads and puts", .needs(.root))
  func fullDisk() throws {
    try ScriptedMount().run(.test, "Cache/full-disk.sh")
  }

  @Test(
    "E7 V1: an obstacle at the path of a cached blob is quarantined", arguments: ["empty", "full", "link"])
  func inTheWay(obstacle: String) throws {
    try ScriptedMount().run(.test, "Cache/in-the-way.sh", ["obstacle": obstacle])
  }

  @Test(
    "N8: a cache that cannot be written is done without, with one warning", .needs(.root),
    arguments: ["file", "read-only", "read-only-cache", "full", "no-space"])
  func unwritable(obstacle: String) throws {
    try ScriptedMount().run(.test, "Cache/unwritable.sh", ["obstacle": obstacle])
  }
}
