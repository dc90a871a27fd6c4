import TestSupport
import Testing

/// The tools of image layouts, which write to the mount as to a layout in a directory.
@Suite(.needs(.fuse)) struct LayoutToolTests {
  @Test("W1, W5, W7, W8: skopeo copies into the mount as into a directory")
  func skopeo() throws {
    try ScriptedMount.mounted().run("LayoutTool/skopeo.sh")
  }

  @Test("W1, W7, W8, W9: every command of umoci but init works in the mount")
  func umoci() throws {
    try ScriptedMount.mounted().run("LayoutTool/umoci.sh")
  }

  @Test("W10: umoci deletes what no process can be about to refer to")
  func collected() throws {
    try ScriptedMount.mounted("removal_grace=0").run("LayoutTool/collected.sh")
  }

  @Test("W10: a removal is decided when its time is over, though the mount is not used")
  func quiet() throws {
    try ScriptedMount.mounted("removal_grace=3").run("LayoutTool/quiet.sh")
  }

  @Test("W1: buildah commits and pushes into the mount")
  func buildah() throws {
    try ScriptedMount.mounted().run("LayoutTool/buildah.sh")
  }

  // The storage of an ordinary user needs further user ids.
  @Test("W1: podman pushes and saves into the mount", .needs(.root))
  func podman() throws {
    try ScriptedMount.mounted().run("LayoutTool/podman.sh")
  }

  @Test("W1, W2, W3: a container writes to the mount as its volume", .needs(.root, .tools("busybox", "podman", "runc")))
  func volume() throws {
    try ScriptedMount.mounted().run("LayoutTool/volume.sh")
  }

  @Test("W1, W3, W5, W6: text tools and editors change index.json")
  func text() throws {
    try ScriptedMount.mounted().run("LayoutTool/text.sh")
  }

  @Test("W1, W9: tools that copy a whole layout with its modes and times succeed")
  func copies() throws {
    try ScriptedMount.mounted().run("LayoutTool/copies.sh")
  }

  @Test("W2: an edit of the index changes the entries that it edits, and no similar ones")
  func similar() throws {
    try ScriptedMount.mounted().run("LayoutTool/similar.sh")
  }

  @Test("W1: the commands of casfs work on a mount")
  func commands() throws {
    try ScriptedMount.mounted().run("LayoutTool/commands.sh")
  }

  @Test(
    "W2, W3, W10, W11: no tag and no blob of concurrent writers is lost, beside endless collections",
    arguments: ["skopeo skopeo umoci umoci", "skopeo umoci casfs config", "config config mount skopeo"])
  func concurrent(_ writers: String) throws {
    try ScriptedMount.mounted().run(
      "LayoutTool/concurrent.sh", ["writers": writers, "tags": "6"], seconds: 240)
  }

  @Test("W4: the last of two writers has the name, and the other's entry can be listed and removed")
  func conflict() throws {
    try ScriptedMount.mounted().run("LayoutTool/conflict.sh")
  }

  @Test("W4: with conflict=refuse the second writer fails")
  func refusedConflict() throws {
    try ScriptedMount.mounted("conflict=refuse").run("LayoutTool/conflict.sh", ["policy": "refuse"])
  }

  @Test("W13: acknowledged work survives the death of the daemon, and half a write changes nothing")
  func durable() throws {
    try ScriptedMount.mounted("nokeeper").run("LayoutTool/durable.sh")
  }

  @Test("W7, W13: an index takes the two fsync(2) that make it durable, and no other", .needs(.tools("strace")))
  func synchronizations() throws {
    try ScriptedMount.mounted().run("LayoutTool/synchronizations.sh")
  }

  @Test("W3: a process reads in the index what its children have changed")
  func own() throws {
    try ScriptedMount.mounted().run("LayoutTool/own.sh")
  }

  @Test("W6: the length of an open index.json is that of what it is read as")
  func length() throws {
    try ScriptedMount.mounted().run("LayoutTool/length.sh")
  }

  @Test("W12, W5: a write of the index with a name that a refs layout cannot have changes nothing")
  func names() throws {
    try ScriptedMount().run("LayoutTool/names.sh")
  }

  @Test("W12: a read-only mount refuses every tool")
  func readOnly() throws {
    try ScriptedMount.mounted().run("LayoutTool/readonly.sh")
  }
}
