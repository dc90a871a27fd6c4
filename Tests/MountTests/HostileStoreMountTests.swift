import TestSupport
import Testing

@Suite(.needs(.fuse, .tools("python3", "jq", "setfattr", "getfattr")), .boundedInTime)
struct HostileStoreMountTests {
  @Test("D6: what stands under a digest and is no file can be neither looked at nor removed, and leads nowhere")
  func notRegular() throws {
    try ScriptedMount().run("HostileStore/not-regular.sh")
  }

  @Test("D7, T1: names that lead out, are too long or have control characters are not shown; all others are, once")
  func names() throws {
    try ScriptedMount().run("HostileStore/names.sh")
  }

  @Test("D7: a name of two thousand components, twenty thousand layers and eight thousand platforms hold up nobody")
  func deep() throws {
    try ScriptedMount().run("HostileStore/deep.sh", seconds: 120)
  }

  @Test("D6: manifests that nest deeply, lie, or are none show why and no parts, and are no way to other files")
  func manifests() throws {
    try ScriptedMount().run("HostileStore/manifests.sh")
  }

  @Test("D6: files of any names among the blobs are not shown, and neither fsck nor gc touches them")
  func strangeFiles() throws {
    try ScriptedMount().run("HostileStore/strange-files.sh")
  }

  @Test("D6: an index of twenty thousand references is listed, read, added to and collected")
  func manyReferences() throws {
    try ScriptedMount().run("HostileStore/many-references.sh", seconds: 240)
  }

  @Test("D6: directories that are swapped for links, again and again, lead nowhere")
  func swapped() throws {
    try ScriptedMount().run("HostileStore/swapped.sh", seconds: 120)
  }
}
