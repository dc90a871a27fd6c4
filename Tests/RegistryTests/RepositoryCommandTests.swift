import TestSupport
import Testing

/// The command line on repositories.
@Suite(.needs(.tools("curl", "docker-registry", "jq", "python3", "skopeo"))) struct RepositoryCommandTests {
  @Test("E4, E7, E11: blobs are put, read and listed as another client sees them", arguments: RegistryServer.allCases)
  func blobs(server: RegistryServer) throws {
    try ScriptedMount().run(server, "RepositoryCommand/blobs.sh")
  }

  @Test("E10: removing a blob is idempotent", arguments: RegistryServer.allCases)
  func removal(server: RegistryServer) throws {
    try ScriptedMount().run(server, "RepositoryCommand/removal.sh")
  }

  @Test(
    "E8, E9: references are tags: put once, moved by force, and only to manifests", arguments: RegistryServer.allCases
  )
  func references(server: RegistryServer) throws {
    try ScriptedMount().run(server, "RepositoryCommand/references.sh")
  }

  @Test("E10: a tag is removed by its name, and other tags stay")
  func untagged() throws {
    try ScriptedMount().run(.test, "RepositoryCommand/untagged.sh")
  }

  @Test(
    "E10, E15: a registry that cannot remove a tag keeps all of them, and the error says so",
    arguments: RegistryServer.allCases)
  func noRemoval(server: RegistryServer) throws {
    try ScriptedMount().run(server, "RepositoryCommand/no-removal.sh")
  }

  @Test(
    "E8: images are copied in, out and across, and present blobs are not copied again",
    arguments: [RegistryServer.test, .proxied])
  func copies(server: RegistryServer) throws {
    try ScriptedMount().run(server, "RepositoryCommand/copies.sh")
  }

  @Test("E8: a failed copy leaves no tag, and a repeated one continues it")
  func interrupted() throws {
    try ScriptedMount().run(.test, "RepositoryCommand/interrupted.sh")
  }

  @Test(
    "E12, C1: a repository is checked, cleaned and created like other stores, and gc is refused",
    arguments: [RegistryServer.proxied, .test])
  func upkeep(server: RegistryServer) throws {
    try ScriptedMount().run(server, "RepositoryCommand/upkeep.sh")
  }

  @Test("E8: an index is copied with the images of all platforms", arguments: [RegistryServer.docker, .test])
  func index(server: RegistryServer) throws {
    try ScriptedMount().run(server, "RepositoryCommand/index.sh")
  }

  @Test("N6: a tag keeps its name between registries, and a name that cannot be a tag is refused")
  func tagNames() throws {
    try ScriptedMount().run(.docker, "RepositoryCommand/tag-names.sh")
  }

  @Test("N7: entries of an index other than manifests are pushed as blobs")
  func buildCache() throws {
    try ScriptedMount().run(.docker, "RepositoryCommand/build-cache.sh")
  }

  @Test(
    "N7: referrers are pushed and listed, with the registry's lists and without",
    arguments: [
      (RegistryServer.proxied, "{}"), (.test, "{}"), (.test, "{\"referrers\":true,\"page\":1}"),
    ])
  func referrers(server: RegistryServer, settings: String) throws {
    try ScriptedMount().run(server, "RepositoryCommand/referrers.sh", ["settings": settings])
  }

  @Test("C1: an error is one line with host, repository and the server's message")
  func errors() throws {
    try ScriptedMount().run(.test, "RepositoryCommand/errors.sh")
  }
}
