import TestSupport
import Testing

/// Images as directories, below `images/`.
@Suite(.needs(.fuse)) struct ImageDirectoryTests {
  @Test(
    "An image of OCI or Docker shows its manifest, configuration and layers in order",
    arguments: ["application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"])
  func image(_ type: String) throws {
    try ScriptedMount.mounted().run("ImageDirectory/image.sh", ["type": type])
  }

  @Test("A listing of more than a hundred layers is in order")
  func manyLayers() throws {
    try ScriptedMount.mounted().run("ImageDirectory/many-layers.sh")
  }

  @Test("An index shows a directory per platform, and a missing blob as a dangling link")
  func index() throws {
    try ScriptedMount.mounted().run("ImageDirectory/index.sh")
  }

  @Test("An entry without a name is shown by its digest")
  func unnamed() throws {
    try ScriptedMount.mounted().run("ImageDirectory/unnamed.sh")
  }

  @Test("A malformed manifest is an empty directory with the reason as an attribute")
  func noManifest() throws {
    try ScriptedMount.mounted().run("ImageDirectory/no-manifest.sh")
  }

  @Test("F15: the directory of an image that is removed is one that is not there, for a process in it")
  func removed() throws {
    try ScriptedMount.mounted().run("ImageDirectory/removed.sh")
  }

  @Test("F1: the files of an artifact are read by their names, and nothing leads out")
  func files() throws {
    try ScriptedMount.mounted().run("ImageDirectory/files.sh")
  }

  @Test("F9: a signature is found below its image, without a name of its own")
  func referrers() throws {
    try ScriptedMount.mounted().run("ImageDirectory/referrers.sh")
  }
}
