import TestSupport
import Testing

/// Several images of one short name through a mount, as `docker save` and `ctr image export` write them.
@Suite(.needs(.fuse, .tools("jq"))) struct SharedNameMountTests {
  @Test("G2, T1: refs and images show every image of one short name by its whole name")
  func shown() throws {
    try ScriptedMount().run("SharedName/shown.sh")
  }

  @Test("G2, G1, R3, B3: rm, mv and gc keep an image of another whole name")
  func kept() throws {
    try ScriptedMount().run("SharedName/kept.sh")
  }

  @Test("D5, T1: a duplicate of a name is an image by its digest, unless the name leads to the same content")
  func duplicates() throws {
    try ScriptedMount().run("SharedName/duplicates.sh")
  }
}
