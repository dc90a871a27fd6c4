import TestSupport
import Testing

/// Archives of layouts that are mounted in place.
@Suite(.needs(.fuse)) struct ArchiveTests {
  @Test(
    "V1, B1: an archive of each tool is shown with all its blobs, in every mode, and cannot be written",
    .needs(.tools("umoci", "skopeo", "jq")), arguments: ["read=auto", "read=splice", "read=copy", "verify=always"])
  func image(mode: String) throws {
    try ScriptedMount().run("Archive/image.sh", ["mode": mode])
  }

  @Test(
    "V2: of a corrupt member nothing is served, in any mode, others are",
    arguments: ["read=splice", "read=copy", "verify=always"])
  func corrupt(mode: String) throws {
    try ScriptedMount().run("Archive/corrupt.sh", ["mode": mode])
  }

  @Test("T3: an archive of 1 GiB is mounted as fast as a small one")
  func large() throws {
    try ScriptedMount().run("Archive/large.sh", seconds: 120)
  }

  @Test("E2: what is no archive of a layout is not mounted, and the reason is told")
  func invalid() throws {
    try ScriptedMount().run("Archive/invalid.sh")
  }
}
