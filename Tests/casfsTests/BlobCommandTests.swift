import Foundation
import TestSupport
import Testing

@Suite struct BlobCommandTests {
  @Test("C1: blob put prints one digest a line, in the order of the files")
  func order() throws {
    let store = try CommandLineStore()
    try store.folder.write("hello\n", to: "a")
    try store.folder.write("", to: "b")
    let files = [store.folder["a"].path, store.folder["b"].path, store.folder["a"].path]
    let outcome = try Casfs.run(["blob", "put", store.path] + files)
    #expect(outcome.status == 0)
    #expect(outcome.errors == "")
    #expect(outcome.text == "\(Known.hello)\n\(Known.empty)\n\(Known.hello)\n")
  }

  @Test("C1: without files, and for '-', blob put stores standard input", arguments: [[], ["-"]])
  func standardInput(files: [String]) throws {
    let store = try CommandLineStore()
    let outcome = try Casfs.run(["blob", "put", store.path] + files, input: Array("hello\n".utf8))
    #expect(outcome.text == Known.hello + "\n")
    #expect(try Casfs.run(["blob", "get", store.path, Known.hello]).text == "hello\n")
  }

  @Test("C2: blob put --json prints digest, size and name")
  func json() throws {
    let store = try CommandLineStore()
    let name = store.folder["a \"quoted\" näme"].path
    try store.folder.write("hello\n", to: "a \"quoted\" näme")
    let outcome = try Casfs.run(["blob", "put", "--json", store.path, name, "-"])
    #expect(outcome.status == 0)
    let quoted = name.replacingOccurrences(of: "\"", with: "\\\"")
    #expect(
      outcome.lines == [
        "{\"digest\":\"\(Known.hello)\",\"size\":6,\"name\":\"\(quoted)\"}",
        "{\"digest\":\"\(Known.empty)\",\"size\":0,\"name\":\"-\"}",
      ])
  }

  @Test("C1: the first file that cannot be read ends blob put; those before it are stored")
  func firstFailure() throws {
    let store = try CommandLineStore()
    try store.folder.write("hello\n", to: "a")
    let files = ["a", "absent", "a"].map { store.folder[$0].path }
    let outcome = try Casfs.run(["blob", "put", store.path] + files)
    #expect(outcome.status == 1)
    #expect(outcome.text == Known.hello + "\n")
    #expect(outcome.errors == "casfs: read \(files[1]): No such file or directory\n")
    let directory = try Casfs.run(["blob", "put", store.path, store.folder.path])
    #expect(directory.status == 1)
    #expect(directory.errors == "casfs: read \(store.folder.path): Is a directory\n")
  }

  @Test("C1: blob get prints the stored bytes, by digest and by reference")
  func roundTrip() throws {
    let store = try CommandLineStore()
    let content = (0..<3_000_001).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
    let digest = try #require(try Casfs.run(["blob", "put", store.path], input: content).lines.first)
    #expect(try Casfs.run(["ref", "put", store.path, "dir/name:1", digest]).status == 0)
    #expect(try Casfs.run(["blob", "get", store.path, digest]).output == content)
    #expect(try Casfs.run(["blob", "get", store.path, "dir/name:1"]).output == content)
    let empty = try store.put("")
    #expect(try Casfs.run(["blob", "get", store.path, empty]).output.isEmpty)
  }

  @Test("C1: blob get of a corrupt blob prints nothing but an error with both digests")
  func corrupt() throws {
    let store = try CommandLineStore()
    let digest = try store.put("hello\n")
    let file = store.file(digest)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file.path)
    try Data("jello\n".utf8).write(to: file)
    let outcome = try Casfs.run(["blob", "get", store.path, digest])
    #expect(outcome.status == 1)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors.isOneLine)
    #expect(outcome.errors.contains(digest))
    #expect(outcome.errors.contains("corrupt: the stored content has the digest sha256:"))
  }

  @Test("C1: blob ls lists digests, -l with size and date, --json as objects")
  func listing() throws {
    let store = try CommandLineStore()
    let digests = [try store.put("hello\n"), try store.put("")]
    #expect(Set(try Casfs.run(["blob", "ls", store.path]).lines) == Set(digests))
    try FileManager.default.removeItem(at: store.file(Known.empty))
    let dates = ["1969-12-31T23:59:59Z", "2000-02-29T00:00:00Z", "2024-12-31T23:59:59Z", "2100-03-01T12:30:01Z"]
    for date in dates {
      #expect(try SystemCommand.run("/usr/bin/touch", ["-d", date, store.file(Known.hello).path]).status == 0)
      #expect(try Casfs.run(["blob", "ls", "-l", store.path]).text == "\(Known.hello)\t6\t\(date)\n")
      #expect(
        try Casfs.run(["blob", "ls", "--json", store.path]).text
          == "{\"digest\":\"\(Known.hello)\",\"size\":6,\"modified\":\"\(date)\"}\n")
    }
  }

  @Test("C1: blob ls reports an unreadable entry and lists the blobs")
  func brokenEntry() throws {
    let store = try CommandLineStore()
    let digest = try store.put("hello\n")
    for name in ["README", Known.empty, String(repeating: "A", count: 64)] {
      try store.folder.write("", to: "store/blobs/sha256/\(name)")
    }
    #expect(try Casfs.run(["blob", "ls", store.path]).lines == [digest])
    let link = store.file(Known.empty)
    try FileManager.default.createSymbolicLink(at: link, withDestinationURL: store.folder["store/oci-layout"])
    let outcome = try Casfs.run(["blob", "ls", "-l", store.path])
    #expect(outcome.status == 1)
    #expect(outcome.lines.count == 1 && outcome.text.hasPrefix(digest + "\t6\t"))
    #expect(outcome.errors.isOneLine && outcome.errors.contains(Known.empty), "\(outcome.errors)")
    let got = try Casfs.run(["blob", "get", store.path, Known.empty])
    #expect(got.status == 1)
    #expect(got.output.isEmpty && got.errors.isOneLine)
  }

  @Test("C1: blob rm removes several blobs; an absent one counts as removed")
  func removal() throws {
    let store = try CommandLineStore()
    let (first, second, third) = (try store.put("1"), try store.put("2"), try store.put("3"))
    #expect(try Casfs.run(["blob", "rm", store.path, first, second]).status == 0)
    #expect(try Casfs.run(["blob", "ls", store.path]).lines == [third])
    let again = try Casfs.run(["blob", "rm", store.path, first])
    #expect(again.status == 0)
    #expect(again.text + again.errors == "")
    let absent = try Casfs.run(["blob", "get", store.path, first])
    #expect(absent.status == 1)
    #expect(absent.errors.isOneLine && absent.errors.contains(first) && absent.errors.contains("not found"))
  }
}

extension String {
  /// Whether it is one line in the format of an error.
  var isOneLine: Bool { hasPrefix("casfs: ") && hasSuffix("\n") && split(separator: "\n").count == 1 }
}
