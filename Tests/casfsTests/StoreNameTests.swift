import Foundation
import TestSupport
import Testing

/// Names of stores as skopeo and podman write them.
@Suite struct StoreNameTests {
  @Test(
    "C3: a store's name in the form of other tools is wrong usage, and the message has the right form",
    arguments: [
      ("oci:dir/s:latest", "the store is dir/s, and 'latest' is an argument of its own"), ("oci:s", "the store is s"),
      ("oci-archive:a.tar:v1", "the store is oci-archive:a.tar, and 'v1' is an argument of its own"),
      ("docker://alpine", "the store is docker://docker.io/library/alpine"),
      ("docker://alpine:3.19", "docker://docker.io/library/alpine, and '3.19' is an argument of its own"),
      ("docker://localhost:5000/team/app:v1", "docker://localhost:5000/team/app, and 'v1' is an argument of its own"),
      ("docker+http://host/app:v1", "the store is docker+http://host/app, and 'v1' is an"),
      ("docker://host/app@sha256:00", "the store is docker://host/app, and 'sha256:00' is an argument of its own"),
      ("docker://host/app:v1@sha256:00", "the store is docker://host/app, and 'sha256:00' is an argument of its own"),
      ("localhost:5000/app", "a repository is docker://localhost:5000/app"),
      ("https://host/app", "a repository is docker://host/app"),
      ("docker-archive:a.tar:app:v1", "the store is docker-archive:a.tar, and 'app:v1' is an argument of its own"),
      ("docker-daemon:app:v1", "'skopeo copy docker-daemon:app:v1 oci:DIRECTORY:NAME' makes one"),
      ("containers-storage:app", "'skopeo copy containers-storage:app oci:DIRECTORY:NAME' makes one"),
    ])
  func foreignForm(name: String, reason: String) throws {
    for command in [["ref", "ls", name], ["copy", "s", "v1", name], ["mount", name, "m"]] {
      let outcome = try Casfs.run(command)
      #expect(outcome.status == 64)
      #expect(outcome.errors.isOneLine && outcome.errors.contains(reason), "\(outcome.errors)")
    }
  }

  @Test("C3: a directory of skopeo's dir: transport is named as one")
  func skopeoDirectory() throws {
    let folder = try TemporaryFolder()
    try folder.write("Directory Transport Version: 1.1\n", to: "version")
    try folder.write("{}", to: "manifest.json")
    let outcome = try Casfs.run(["ref", "ls", "dir:" + folder["."].path])
    #expect(outcome.status == 64)
    #expect(outcome.errors.contains("skopeo copy dir:"), "\(outcome.errors)")
  }

  @Test("C3: a path with a colon, and an archive whose name has one, are stores")
  func colons() throws {
    let folder = try TemporaryFolder()
    let store = folder["a:b"].path
    #expect(try Casfs.run(["create", store]).status == 0)
    #expect(try Casfs.run(["ref", "ls", store]).status == 0)
    #expect(try Casfs.run(["ref", "ls", "dir:" + store]).status == 0)
    let packed = try SystemCommand.bash("cd \"$1\" && tar --force-local -cf x.tar:y -C a:b .", [folder["."].path])
    #expect(packed.status == 0)
    #expect(try Casfs.run(["ref", "ls", "oci-archive:" + folder["x.tar:y"].path]).status == 0)
  }
}
