import CAS
import Foundation
import OCI
import TestSupport
import Testing

@testable import CASRegistry

struct CredentialTests {
  /// Runs `body` with a home directory and the credentials of a `~/.docker/config.json` with this text.
  private func credentials(_ text: String, for uri: String = "docker://host:5000/team/app") throws -> Credentials? {
    let folder = FileManager.default.temporaryDirectory.appending(path: "casfs-credentials-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder.appending(path: ".docker"), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: folder.appending(path: ".docker/config.json"))
    return try CredentialFiles(environment: ["HOME": folder.path])
      .lookup(for: RegistryAddress(uri), CancellationToken()).credentials
  }

  /// `NAME:PASSWORD` in base64, as in files.
  private func auth(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

  @Test(
    "The most specific key counts, with and without the scheme and path that Docker adds",
    arguments: [
      ("host:5000/team/app", true), ("host:5000/team", true), ("host:5000", true), ("https://host:5000", true),
      ("https://host:5000/v1/", true), ("http://host:5000/v2/", true), ("host", false), ("host:5001", false),
      ("host:5000/team/ap", false), ("host:5000/other", false), ("5000/team/app", false), ("HOST:5000", false),
    ])
  func keys(_ key: String, _ isFound: Bool) throws {
    let found = try credentials(#"{"auths":{"\#(key)":{"auth":"\#(auth("me:pass:word"))"}}}"#)
    #expect(found == (isFound ? .password(user: "me", "pass:word") : nil))
    let both = #"{"auths":{"host:5000":{"auth":"\#(auth("a:b"))"},"\#(key)":{"auth":"\#(auth("me:p"))"}}}"#
    if key.hasPrefix("host:5000/team"), isFound { #expect(try credentials(both) == .password(user: "me", "p")) }
  }

  @Test("Files name Docker's registry differently; tokens and plain-text names are read")
  func forms() throws {
    let hub = #"{"auths":{"https://index.docker.io/v1/":{"auth":"\#(auth("me:p"))"}}}"#
    #expect(try credentials(hub, for: "docker://docker.io/alpine") == .password(user: "me", "p"))
    #expect(try credentials(hub) == nil)
    let token = #"{"auths":{"host:5000":{"auth":"\#(auth("me:p"))","identitytoken":"t"}}}"#
    #expect(try credentials(token) == .identityToken("t", user: "me"))
    let plain = #"{"auths":{"host:5000":{"username":"me","password":"p"}}}"#
    #expect(try credentials(plain) == .password(user: "me", "p"))
    for none in [
      "", "{}", #"{"auths":{"host:5000":{"auth":"\#(auth("no colon"))"}}}"#, #"{"credHelpers":[],"auths":5}"#,
      #"{"auths":{}}"#, #"{"auths":null}"#, #"{"auths":{"host:5000":{}},"x":1}"#,
    ] {
      #expect(try credentials(none) == nil)
    }
  }

  @Test(
    "N2: a malformed file is an error that names it and the line, and reveals no secret",
    arguments: [
      ("{", ":1"), ("{\n\"auths\":\n{secret", ":3"), ("{\"auths\":\n{\"host:5000\":{\"auth\":\"!secret!\"}}}", ":2"),
      (String(repeating: " ", count: 2 << 20), ""),
    ])
  func broken(_ text: String, _ line: String) throws {
    do {
      _ = try credentials(text)
      Issue.record("it was read")
    } catch let error as RegistryError {
      let message = CASError(error, OperationContext("open store", on: "docker://host"), "host").description
      #expect(message.contains("config.json\(line)") && !message.contains("secret"), Comment(rawValue: message))
    }
  }

  @Test("Descriptions of credentials do not reveal the password")
  func silent() {
    #expect("\(Credentials.password(user: "me", "secret"))" == "credentials")
    #expect("\(Credentials.identityToken("secret"))" == "credentials")
  }

  @Test("C1: byte counts and the location of the cache are parsed")
  func location() throws {
    for (text, size) in [("0", 0), ("500M", 500 << 20), ("8G", 8 << 30), ("1T", 1 << 40), ("7K", 7 << 10)]
      as [(String, Int64)]
    {
      #expect(Int64(byteCount: text) == size)
    }
    for text in ["", "M", "-1", "1m", "1.5G", "99999999999T", "1 G"] { #expect(Int64(byteCount: text) == nil) }
    #expect(try CacheConfiguration(environment: ["HOME": "/h"]).storePath == "/h/.cache/casfs")
    #expect(try CacheConfiguration(environment: ["HOME": "/h", "XDG_CACHE_HOME": "/c"]).storePath == "/c/casfs")
    #expect(
      try CacheConfiguration(environment: ["HOME": "/h", "XDG_CACHE_HOME": "relative"]).storePath == "/h/.cache/casfs")
    #expect(try CacheConfiguration(environment: ["HOME": "/h", "CASFS_CACHE_SIZE": "1G"]).sizeLimit == 1 << 30)
    #expect(throws: InvalidValue.self) {
      try CacheConfiguration(environment: ["HOME": "/h", "CASFS_CACHE_SIZE": "big"])
    }
    let place = try #require(try CacheConfiguration(environment: ["HOME": "/h"]).userPlace(sizeLimit: 5))
    #expect(place.metadataPath == "/h/.cache/casfs-notes" && place.sizeLimit == 5)
  }
}
