import TestSupport
import Testing

/// The command line on repositories.
@Suite(.needs(.tools("curl", "docker-registry", "jq", "python3", "skopeo"))) struct CommandTests {
  @Test("E4, E7, E11: blobs are put, read and listed, and are what another client sees", arguments: RegistryServer.allCases)
  func blobs(server: RegistryServer) throws {
    try ScriptedMount().run(server, "Command/blobs.sh")
  }

  @Test("E10: a blob that is removed is gone, once and again", arguments: RegistryServer.allCases)
  func removal(server: RegistryServer) throws {
    try ScriptedMount().run(server, "Command/removal.sh")
  }

  @Test(
    "E8, E9: references are tags: given once, moved by force, never to what is no manifest", arguments: RegistryServer.allCases
  )
  func references(server: RegistryServer) throws {
    try ScriptedMount().run(server, "Command/references.sh")
  }

  @Test("E10: a tag is removed by its name and takes no other along")
  func untagged() throws {
    try ScriptedMount().run(.test, "Command/untagged.sh")
  }

  @Test("E10, E15: a registry that cannot remove a tag keeps all of them, and says so", arguments: RegistryServer.allCases)
  func noRemoval(server: RegistryServer) throws {
    try ScriptedMount().run(server, "Command/no-removal.sh")
  }

  @Test(
    "E8: images are copied in, out and across, and what is there is not copied again",
    arguments: [RegistryServer.test, .proxied])
  func copies(server: RegistryServer) throws {
    try ScriptedMount().run(server, "Command/copies.sh")
  }

  @Test("E8: a copy that failed leaves no tag, and goes on where it was when it is repeated")
  func interrupted() throws {
    try ScriptedMount().run(.test, "Command/interrupted.sh")
  }

  @Test(
    "E12, C1: a repository is checked, cleaned and created like other stores, and garbage is the registry's own",
    arguments: [RegistryServer.proxied, .test])
  func upkeep(server: RegistryServer) throws {
    try ScriptedMount().run(server, "Command/upkeep.sh")
  }

  @Test("E8: an index is copied with the images of all platforms", arguments: [RegistryServer.docker, .test])
  func index(server: RegistryServer) throws {
    try ScriptedMount().run(server, "Command/index.sh")
  }

  @Test("C1: what cannot be done is one line that names host, repository and what the server said")
  func errors() throws {
    try ScriptedMount().run(.test, "Command/errors.sh")
  }
}
