import TestSupport
import Testing

/// Mounted repositories, used with common tools.
@Suite(.needs(.fuse, .tools("curl", "docker-registry", "jq", "python3", "skopeo"))) struct RepositoryMountTests {
  /// The read modes; a cached blob is a file, for which passthrough works.
  static let modes = Machine.readModes + ["verify=always", "verify=none"]

  @Test("T1, T2, V1: tags, images and layers are shown as they were pushed", arguments: modes)
  func reading(mode: String) throws {
    try ScriptedMount().run(.docker, "RepositoryMount/reading.sh", ["mode": mode])
  }

  @Test(
    "T3: a blob by another client shows immediately, an image and a tag within a second",
    arguments: RegistryServer.allCases)
  func changes(server: RegistryServer) throws {
    try ScriptedMount().run(server, "RepositoryMount/changes.sh")
  }

  @Test(
    "I2, R1: another client immediately sees a layer copied in and an image made of it",
    arguments: RegistryServer.allCases)
  func writing(server: RegistryServer) throws {
    try ScriptedMount().run(server, "RepositoryMount/writing.sh")
  }

  @Test("F9: Cosign's tag of an image is a directory below it", arguments: [RegistryServer.docker, .test])
  func referrers(server: RegistryServer) throws {
    try ScriptedMount().run(server, "RepositoryMount/referrers.sh")
  }

  @Test("W12, W5: a written index pushes nothing if a name cannot be a tag; a push that fails ends the pushes")
  func index() throws {
    try ScriptedMount().run(.docker, "RepositoryMount/index.sh")
  }

  @Test("R3: tags are removed, and moved in one step, where the registry supports it")
  func tags() throws {
    try ScriptedMount().run(.test, "RepositoryMount/tags.sh")
  }

  @Test(
    "R3, E15: rm and mv fail and change nothing where the registry cannot remove tags",
    arguments: [RegistryServer.test, .proxied])
  func fixedTags(server: RegistryServer) throws {
    try ScriptedMount().run(server, "RepositoryMount/fixed-tags.sh")
  }

  @Test(
    "M4 E2: mount(8) and a line of fstab mount a repository",
    .needs(.root, .tools("mount.fuse3", "unshare")))
  func mountProgram() throws {
    try ScriptedMount().run(.test, "RepositoryMount/mount-program.sh")
  }

  @Test("T3: mounting takes a few requests, independent of the number of tags")
  func mounting() throws {
    try ScriptedMount().run(.test, "RepositoryMount/mounting.sh")
  }

  @Test("S1 S6: a mounted repository outlives its server", .enabled(if: Machine.resends))
  func keeper() throws {
    try ScriptedMount().run(.docker, "RepositoryMount/keeper.sh")
  }

  @Test("S3: a mounted repository is reloaded under open files")
  func reload() throws {
    try ScriptedMount().run(.docker, "RepositoryMount/reload.sh")
  }

  @Test(
    "S4: a request over which two servers crash, or eight are killed, is EIO, and the mount goes on",
    .enabled(if: Machine.resends), arguments: [("ABRT", 2), ("KILL", 8)])
  func fatalRequest(signal: String, deaths: Int) throws {
    try ScriptedMount().run(
      .test, "RepositoryMount/fatal-request.sh", ["signal": signal, "deaths": "\(deaths)"])
  }
}
