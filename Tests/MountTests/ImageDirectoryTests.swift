import TestSupport
import Testing

/// Images as directories, below `images/`.
@Suite(.needs(.fuse)) struct ImageDirectoryTests {
  @Test(
    "An image has its manifest, its configuration and its layers in order, OCI's and Docker's",
    arguments: ["application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"])
  func image(_ type: String) throws {
    try ScriptedMount.mounted().run("ImageDirectory/image.sh", ["type": type])
  }

  @Test("More than a hundred layers are in order in a listing")
  func manyLayers() throws {
    try ScriptedMount.mounted().run("ImageDirectory/many-layers.sh")
  }

  @Test("An index has a directory for each platform, and what is not stored is a link to nowhere")
  func index() throws {
    try ScriptedMount.mounted().run("ImageDirectory/index.sh")
  }

  @Test("An entry without a name is shown by its digest")
  func unnamed() throws {
    try ScriptedMount.mounted().run("ImageDirectory/unnamed.sh")
  }

  @Test("What is no manifest is an empty directory that says why")
  func noManifest() throws {
    try ScriptedMount.mounted().run("ImageDirectory/no-manifest.sh")
  }
}
