import TestSupport
import Testing

@Suite(.needs(.fuse, .tools("python3", "jq", "setfattr", "getfattr")), .boundedInTime)
struct HostileStoreMountTests {
  @Test("D6: an entry under a digest that is not a regular file is EINVAL, cannot be removed, and leads nowhere")
  func notRegular() throws {
    try ScriptedMount().run("HostileStore/not-regular.sh")
  }

  @Test("D7, T1: names that lead out, are too long or have control characters are hidden; all others are shown once")
  func names() throws {
    try ScriptedMount().run("HostileStore/names.sh")
  }

  @Test("D7: a name of 2,000 components, 20,000 layers and 8,000 platforms cause no delay")
  func deep() throws {
    try ScriptedMount().run("HostileStore/deep.sh", seconds: 120)
  }

  @Test("D6: malformed, deeply nested or lying manifests show the reason and no parts, and lead to no other file")
  func manifests() throws {
    try ScriptedMount().run("HostileStore/manifests.sh")
  }

  @Test("D6: foreign files among the blobs are hidden, and neither fsck nor gc changes them")
  func strangeFiles() throws {
    try ScriptedMount().run("HostileStore/strange-files.sh")
  }

  @Test("D6: an index of 20,000 references is listed, read, extended and collected")
  func manyReferences() throws {
    try ScriptedMount().run("HostileStore/many-references.sh", seconds: 240)
  }

  @Test("D6: directories that are replaced by links repeatedly lead nowhere")
  func swapped() throws {
    try ScriptedMount().run("HostileStore/swapped.sh", seconds: 120)
  }
}
