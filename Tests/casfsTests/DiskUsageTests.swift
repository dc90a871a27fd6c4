import Foundation
import TestSupport
import Testing

@Suite struct DiskUsageTests {
  private static let manifestType = "application/vnd.oci.image.manifest.v1+json"

  /// Stores an image of two layers and gives it names.
  private func image(_ store: CommandLineStore, _ layers: [String], _ names: String...) throws -> String {
    func descriptor(_ text: String) throws -> String {
      #"{"mediaType":"x/layer.tar","digest":"\#(try store.put(text))","size":\#(text.utf8.count)}"#
    }
    let list = try layers.map(descriptor).joined(separator: ",")
    let digest = try store.put(
      #"{"schemaVersion":2,"mediaType":"\#(Self.manifestType)","config":\#(descriptor("{}")),"layers":[\#(list)]}"#)
    for name in names { #expect(try Casfs.run(["ref", "put", store.path, name, digest]).status == 0) }
    return digest
  }

  @Test(
    "F14: du prints what each reference reaches and what it alone reaches, the largest first",
    arguments: ["index", "refs"])
  func rows(layout: String) throws {
    let store = try CommandLineStore(layout)
    let base = String(repeating: "b", count: 3000)
    let first = try image(store, [base, "small"], "first")
    let second = try image(store, [base, String(repeating: "s", count: 100)], "second")
    func size(_ digest: String) throws -> Int { try Data(contentsOf: store.file(digest)).count }
    let rows = [
      "\(try size(second) + 3102)\t\(try size(second) + 100)\tsecond",
      "\(try size(first) + 3007)\t\(try size(first) + 5)\tfirst",
    ]
    let outcome = try Casfs.run(["du", store.path])
    #expect(outcome.status == 0 && outcome.errors == "")
    #expect(outcome.lines == rows)
    #expect(try Casfs.run(["du", store.path, "first"]).lines == [rows[1]])
    #expect(try Casfs.run(["du", "-l", store.path, "first"]).lines == [rows[1], "\t3002\tsecond"])
    let json = try Casfs.run(["du", "--json", store.path, "first"])
    #expect(
      json.lines == [
        #"{"reference":"first","digest":"\#(first)","size":\#(try size(first) + 3007),"alone":\#(try size(first) + 5),"#
          + #""sharedWith":[{"reference":"second","size":3002}],"sharers":1}"#
      ])
    #expect(try Casfs.run(["ref", "rm", store.path, "first"]).status == 0)
    let collected = try Casfs.run(["gc", "--grace", "0", "--json", store.path])
    let freed = try collected.lines.map { (line) in
      (try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])?["size"] as? Int ?? 0
    }
    #expect(rows[1].contains("\t\(freed.reduce(0, +))\t"))
  }

  @Test("F14, C1: du of an absent reference fails with one line, and a malformed manifest does not hide the others")
  func failures() throws {
    let store = try CommandLineStore()
    let digest = try image(store, ["layer"], "good")
    for name in ["absent", "@\(digest)"] {
      let outcome = try Casfs.run(["du", store.path, name])
      #expect(outcome.status == 1 && outcome.output.isEmpty)
      #expect(outcome.errors.isOneLine && outcome.errors.contains("\(name): not found"), "\(outcome.errors)")
    }
    let bad = try store.put(#"{"mediaType":"\#(Self.manifestType)","layers":0}"#)
    #expect(try Casfs.run(["ref", "put", store.path, "bad", bad]).status == 0)
    let outcome = try Casfs.run(["du", store.path])
    #expect(outcome.status == 1 && outcome.lines.count == 2)
    #expect(outcome.errors.isOneLine && outcome.errors.contains(bad), "\(outcome.errors)")
  }
}
