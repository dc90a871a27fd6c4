import Foundation
import TestSupport
import Testing

@Suite struct RefTests {
  @Test("C1: ref put, get, ls and rm, in both layouts", arguments: ["index", "refs"])
  func roundTrip(layout: String) throws {
    let store = try CommandLineStore(layout)
    let digest = try store.put("hello\n")
    let text = "{\"mediaType\":\"application/octet-stream\",\"digest\":\"\(digest)\",\"size\":6}\n"
    for name in ["latest", "docker.io/library/alpine:3.20"] {
      let put = try Casfs.run(["ref", "put", store.path, name, digest])
      #expect(put.status == 0)
      #expect(put.text + put.errors == "")
      #expect(try Casfs.run(["ref", "get", store.path, name]).text == text)
    }
    #expect(Set(try Casfs.run(["ref", "ls", store.path]).lines) == ["latest", "docker.io/library/alpine:3.20"])
    #expect(try Casfs.run(["ref", "rm", store.path, "docker.io/library/alpine:3.20", "absent"]).status == 0)
    #expect(try Casfs.run(["ref", "ls", store.path]).text == "latest\n")
    #expect(
      try Casfs.run(["ref", "ls", "-l", store.path]).text == "latest\t\(digest)\t6\tapplication/octet-stream\n")
    #expect(
      try Casfs.run(["ref", "ls", "--json", store.path]).text
        == "{\"name\":\"latest\",\"descriptor\":\(text.dropLast())}\n")
    let absent = try Casfs.run(["ref", "get", store.path, "absent"])
    #expect(absent.status == 1)
    #expect(absent.errors.isOneLine && absent.errors.contains("absent: not found"))
  }

  @Test("C1: ref put rejects a taken name, and replaces it with --force")
  func force() throws {
    let store = try CommandLineStore()
    let (first, second) = (try store.put("1"), try store.put("2"))
    #expect(try Casfs.run(["ref", "put", store.path, "name", first]).status == 0)
    #expect(try Casfs.run(["ref", "put", store.path, "name", first]).status == 0)
    let refused = try Casfs.run(["ref", "put", store.path, "name", second])
    #expect(refused.status == 1)
    #expect(refused.errors.isOneLine && refused.errors.contains("the name is taken"))
    #expect(try Casfs.run(["blob", "get", store.path, "name"]).text == "1")
    #expect(try Casfs.run(["ref", "put", "--force", store.path, "name", second]).status == 0)
    #expect(try Casfs.run(["blob", "get", store.path, "name"]).text == "2")
  }

  @Test("C1: ref put fills in a manifest's own media type")
  func mediaType() throws {
    let store = try CommandLineStore()
    let type = "application/vnd.oci.image.manifest.v1+json"
    let digest = try store.put("{\"mediaType\":\"\(type)\"}")
    #expect(try Casfs.run(["ref", "put", store.path, "name", digest]).status == 0)
    #expect(try Casfs.run(["ref", "ls", "-l", store.path]).text.hasSuffix("\t\(type)\n"))
  }

  @Test("C1: ref put with '-' reads a descriptor from standard input and keeps unknown members")
  func standardInput() throws {
    let store = try CommandLineStore()
    let digest = try store.put("hello\n")
    let descriptor =
      "{\"mediaType\":\"a/b\",\"digest\":\"\(digest)\",\"size\":6,\"x\":[1.50,null],\"annotations\":{\"k\":\"v\"}}"
    let put = try Casfs.run(["ref", "put", store.path, "name", "-"], input: Array((descriptor + "\n").utf8))
    #expect(put.status == 0)
    #expect(try Casfs.run(["ref", "get", store.path, "name"]).text == descriptor + "\n")
    let copied = try SystemCommand.bash(
      "\"$casfs\" ref get \"$1\" name | \"$casfs\" ref put \"$1\" other -; \"$casfs\" ref get \"$1\" other",
      [store.path])
    #expect(copied.text == descriptor + "\n")
  }

  @Test(
    "C1: ref put rejects a malformed descriptor and a wrong size",
    arguments: [
      ("", "unexpected end of the text"), ("{}", "descriptor without mediaType"), ("[1]", "JSON object"),
      ("{\"mediaType\":\"a/b\",\"digest\":\"sha256:ABC\",\"size\":6}", "64 digits"),
      ("{\"mediaType\":\"a/b\",\"digest\":\"\(Known.hello)\",\"size\":7}", "has 6 bytes, not 7"),
      ("{\"mediaType\":\"a/b\",\"digest\":\"\(Known.hello)\",\"size\":6,\"platform\":5}", "malformed platform"),
      ("{\"mediaType\":\"a/b\",\"digest\":\"\(Known.empty)\",\"size\":0}", "the blob \(Known.empty) is not stored"),
    ])
  func badDescriptor(text: String, reason: String) throws {
    let store = try CommandLineStore()
    _ = try store.put("hello\n")
    let outcome = try Casfs.run(["ref", "put", store.path, "name", "-"], input: Array(text.utf8))
    #expect(outcome.status == 1)
    #expect(outcome.errors.isOneLine && outcome.errors.contains(reason), "\(outcome.errors)")
    #expect(try Casfs.run(["ref", "ls", store.path]).text == "")
  }

  @Test("C1: ref put of an absent blob fails")
  func missingTarget() throws {
    let store = try CommandLineStore()
    let outcome = try Casfs.run(["ref", "put", store.path, "name", Known.hello])
    #expect(outcome.status == 1)
    #expect(outcome.errors == "casfs: put reference name: the blob \(Known.hello) is not stored\n")
    #expect(try Casfs.run(["ref", "ls", store.path]).text == "")
  }

  @Test("C1: control characters of a hostile store do not reach the terminal")
  func controlCharacters() throws {
    let store = try CommandLineStore()
    let digest = try store.put("hello\n")
    let index = """
      {"schemaVersion":2,"manifests":[{"mediaType":"a\\u001b[2Jb\\n","digest":"\(digest)","size":6,
      "annotations":{"org.opencontainers.image.ref.name":"name"}}]}
      """
    try store.folder.write(index, to: "store/index.json")
    #expect(try Casfs.run(["ref", "ls", "-l", store.path]).text == "name\t\(digest)\t6\ta?[2Jb?\n")
  }
}
