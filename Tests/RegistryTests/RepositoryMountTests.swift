import TestSupport
import Testing

/// Mounted repositories, used with the tools that everyone has.
@Suite(.needs(.fuse, .tools("curl", "docker-registry", "jq", "python3", "skopeo"))) struct RepositoryMountTests {
  /// How blobs are read; a blob in the cache is a file, which the kernel can read by itself.
  static let modes = Machine.readModes + ["verify=always", "verify=none"]

  @Test("T1, T2, V1: tags, images and layers are there and are what was pushed", arguments: modes)
  func reading(mode: String) throws {
    try ScriptedMount().run(.docker, "RepositoryMount/reading.sh", ["mode": mode])
  }

  @Test("T3: what another client pushes and tags is there within a second, a blob at once", arguments: RegistryServer.allCases)
  func changes(server: RegistryServer) throws {
    try ScriptedMount().run(server, "RepositoryMount/changes.sh")
  }

  @Test(
    "I2, R1: a layer is copied in and an image made of it, as another client sees at once", arguments: RegistryServer.allCases)
  func writing(server: RegistryServer) throws {
    try ScriptedMount().run(server, "RepositoryMount/writing.sh")
  }

  @Test("R3: tags are removed and moved in one step where the registry can")
  func tags() throws {
    try ScriptedMount().run(.test, "RepositoryMount/tags.sh")
  }

  @Test("R3, E15: where tags cannot be removed, rm and mv fail and change nothing", arguments: [RegistryServer.test, .proxied])
  func fixedTags(server: RegistryServer) throws {
    try ScriptedMount().run(server, "RepositoryMount/fixed-tags.sh")
  }

  @Test(
    "M4 E2: a repository is mounted by mount(8), and by a line of fstab",
    .needs(.root, .tools("mount.fuse3", "unshare")))
  func mountProgram() throws {
    try ScriptedMount().run(.test, "RepositoryMount/mount-program.sh")
  }

  @Test("T3: mounting asks a few things, and no more of a repository with many tags")
  func mounting() throws {
    try ScriptedMount().run(.test, "RepositoryMount/mounting.sh")
  }
}
