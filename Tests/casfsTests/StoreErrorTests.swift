import Foundation
import TestSupport
import Testing

@Suite struct StoreErrorTests {
  /// A script of sh that damages a new store, run in its directory, and text of the resulting error.
  static let damages: [(script: String, words: [String])] = [
    ("rm oci-layout", ["oci-layout"]),
    ("rm -r ./*", ["oci-layout"]),
    ("echo '{\"imageLayoutVersion\":\"2.0.0\"}' > oci-layout", ["oci-layout", "2.0.0", "not supported"]),
    ("echo '{}' > oci-layout", ["oci-layout", "imageLayoutVersion"]),
    ("echo 'x' > oci-layout", ["oci-layout"]),
    ("rm -r blobs; touch blobs", ["blobs"]),
    ("rm index.json", ["index.json"]),
  ]

  @Test("C1: an error about an invalid store names the file and the reason", arguments: damages)
  func damagedStore(script: String, words: [String]) throws {
    let store = try CommandLineStore()
    #expect(try SystemCommand.bash("cd \"$1\"; \(script)", [store.path]).status == 0)
    for command in [["blob", "ls"], ["ref", "ls"], ["clean"]] {
      let outcome = try Casfs.run(command + [store.path])
      #expect(outcome.status == 1)
      #expect(outcome.output.isEmpty)
      #expect(outcome.errors.isOneLine, "\(outcome.errors)")
      for word in words { #expect(outcome.errors.contains(word), "\(outcome.errors)") }
    }
  }

  @Test("C1: a malformed index.json is an error and stays unchanged", arguments: ["{\"manifests\":[", "[]", "x", ""])
  func malformedIndex(content: String) throws {
    let store = try CommandLineStore()
    let digest = try store.put("hello\n")
    try store.folder.write(content, to: "store/index.json")
    for command in [["ref", "ls", store.path], ["ref", "put", store.path, "name", digest]] {
      let outcome = try Casfs.run(command)
      #expect(outcome.status == 1)
      #expect(outcome.output.isEmpty)
      #expect(outcome.errors.isOneLine && outcome.errors.contains("index.json"), "\(outcome.errors)")
    }
    #expect(try Data(contentsOf: store.folder["store/index.json"]) == Data(content.utf8))
  }

  @Test("C1: the error about a malformed entry without a name says which one it is about")
  func unnamedEntry() throws {
    let store = try CommandLineStore()
    try store.folder.write(#"{"schemaVersion":2,"manifests":[{"digest":"sha256:0"}]}"#, to: "store/index.json")
    let outcome = try Casfs.run(["gc", store.path])
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("walk the index entry without a name: "), "\(outcome.errors)")
  }

  @Test("C1: an absent path, a file and a taken path are errors")
  func paths() throws {
    let store = try CommandLineStore()
    let absent = try Casfs.run(["blob", "ls", store.folder["absent"].path])
    #expect(absent.status == 1)
    #expect(absent.errors.isOneLine && absent.errors.contains("absent"))
    try store.folder.write("", to: "file")
    let file = try Casfs.run(["blob", "put", store.folder["file"].path])
    #expect(file.status == 1)
    #expect(file.errors.isOneLine && file.errors.contains("file"))
    let taken = try Casfs.run(["create", store.path])
    #expect(taken.status == 1)
    #expect(taken.errors.isOneLine && taken.errors.contains(store.path))
  }

  @Test("C1: a store without write permission can be read and not changed")
  func noPermission() throws {
    let store = try CommandLineStore()
    let digest = try store.put("hello\n")
    #expect(try Casfs.run(["ref", "put", store.path, "name", digest]).status == 0)
    // Root passes permission checks unless it drops its capabilities.
    let ordinary =
      "lower() { if [ $(id -u) = 0 ]; then setpriv --bounding-set=-dac_override,-dac_read_search \"$@\"; else \"$@\"; fi; }; "
    let locked = try SystemCommand.bash("find \"$1\" -type d -exec chmod 555 {} +", [store.path])
    #expect(locked.status == 0)
    let before = try store.folder.files()
    for command in [
      "blob put \"$1\" /dev/null", "blob rm \"$1\" \(digest)", "ref put \"$1\" other \(digest)", "ref rm \"$1\" name",
    ] {
      let outcome = try SystemCommand.bash(ordinary + "lower \"$casfs\" \(command)", [store.path])
      #expect(outcome.status == 1, "\(command)")
      #expect(outcome.output.isEmpty)
      #expect(outcome.errors.isOneLine, "\(outcome.errors)")
    }
    #expect(try store.folder.files() == before)
    let read = try SystemCommand.bash(
      ordinary + "lower \"$casfs\" blob get \"$1\" name; lower \"$casfs\" ref ls \"$1\"", [store.path])
    #expect(read.text == "hello\nname\n")
  }

  @Test("C1: create makes parents and either layout; clean leaves an intact store unchanged")
  func createAndClean() throws {
    let folder = try TemporaryFolder()
    for layout in ["index", "refs"] {
      let path = folder["deep/down/\(layout)"].path
      let made = try Casfs.run(["create", path, "--layout=\(layout)"])
      #expect(made.status == 0)
      #expect(made.text + made.errors == "")
      #expect(try Casfs.run(["create", path]).status == 1)
      _ = try Casfs.run(["blob", "put", path], input: [1])
      let before = try folder.files()
      #expect(try Casfs.run(["clean", "dir:" + path]).text == "0 removed\n")
      #expect(try folder.files() == before)
    }
    #expect(try folder.files().contains("deep/down/index/index.json"))
    #expect(try !folder.files().contains("deep/down/refs/index.json"))
  }
}
