import TestSupport
import Testing

/// Archives of layouts, mounted without unpacking.
@Suite(.needs(.fuse)) struct ArchiveMountTests {
  @Test(
    "V1, B1: an archive of each tool shows all its blobs in every mode, and cannot be written",
    .needs(.tools("umoci", "skopeo", "jq")), arguments: ["read=auto", "read=splice", "read=copy", "verify=always"])
  func image(mode: String) throws {
    try ScriptedMount().run("ArchiveMount/image.sh", ["mode": mode])
  }

  @Test(
    "V2: a corrupt member is served in no mode, other members are",
    arguments: ["read=splice", "read=copy", "verify=always"])
  func corrupt(mode: String) throws {
    try ScriptedMount().run("ArchiveMount/corrupt.sh", ["mode": mode])
  }

  @Test(
    "F12, G8, G9: images in archives of both kinds, also compressed ones, have the files that they have in a directory",
    .needs(.root, .tools("skopeo", "jq", "zstd")), arguments: ["cat", "gzip -1", "zstd -q"])
  func docker(command: String) throws {
    try ScriptedMount().run("ArchiveMount/docker.sh", ["command": command], seconds: 120)
  }

  @Test("T3: an archive of 1 GiB is mounted as fast as a small one")
  func large() throws {
    try ScriptedMount().run("ArchiveMount/large.sh", seconds: 120)
  }

  @Test("E2: a file that is not an archive of a layout is not mounted, and the error gives the reason")
  func invalid() throws {
    try ScriptedMount().run("ArchiveMount/invalid.sh")
  }
}
