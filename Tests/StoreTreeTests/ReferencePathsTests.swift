import CASPlatform
import OCI
import TestSupport
import Testing

@testable import StoreTree

/// The paths of references after a change of few names.
@Suite
struct ReferencePathsTests {
  private static let names = [
    "a", "a/b", "a/b/c", "a/d", "b", "b%c", "b%2Fc", "c/d", "é/é", String(repeating: "l", count: 256), "m", "n", "o",
  ]

  private func index(_ entries: [(name: String, size: Int)]) throws -> ImageIndex {
    let digest = "sha256:" + String(repeating: "0", count: 64)
    let values = entries.map { (name, size) in
      #"{"mediaType":"m","digest":"\#(digest)","size":\#(size),"annotations":{"\#(Descriptor.referenceNameKey)":"\#(name)"}}"#
    }
    return try ImageIndex(parsing: Array(#"{"manifests":[\#(values.joined(separator: ","))]}"#.utf8))
  }

  private func paths(of index: ImageIndex, at time: Timestamp, after former: ReferencePaths? = nil) -> ReferencePaths {
    ReferencePaths(index.namedEntries.filter(\.isDescriptor), of: index, modified: time, after: former)
  }

  /// Every path, with the position of its entry and its time; directories without.
  private func text(_ paths: ReferencePaths, below path: [FileName] = []) -> [String] {
    paths.children(of: path).flatMap { (name, isDirectory) -> [String] in
      let child = path + [name]
      let reference = paths[child].map { "\($0.name) \($0.entry?.position ?? -1) \($0.modified.seconds)" } ?? "/"
      return ["\(child.map(\.text)) \(reference)"] + (isDirectory ? text(paths, below: child) : [])
    }
  }

  @Test("R3, T1: paths and times after few changes are those that all names have", arguments: 0..<20)
  func random(_ seed: Int) throws {
    var generator = SeededGenerator(UInt64(seed))
    var entries: [(name: String, size: Int)] = []
    var old = try index(entries)
    var (whole, stepwise) = (paths(of: old, at: Timestamp(seconds: 0, nanoseconds: 0)), ReferencePaths?.none)
    var steps = 0
    for time in 1...200 {
      for _ in 0...Int.random(in: 0...1, using: &generator) {
        let place = Int.random(in: 0...entries.count, using: &generator)
        let size = Int.random(in: -1...2, using: &generator)
        switch Int.random(in: 0...2, using: &generator) {
        case 0 where place < entries.count: entries.remove(at: place)
        case 1 where place < entries.count: entries[place].size = size
        default: entries.insert((Self.names.randomElement(using: &generator) ?? "", size), at: place)
        }
      }
      let new = try index(entries)
      let modified = Timestamp(seconds: Int64(time), nanoseconds: 0)
      let changes = try #require(
        ImageIndex.NameChanges(from: old, unnamed: old.positions(without: old.namedEntries), to: new))
      let known = stepwise ?? whole
      whole = paths(of: new, at: modified, after: whole)
      stepwise = known.changed(by: changes, in: new, modified: modified)
      if let stepwise {
        steps += 1
        #expect(text(stepwise) == text(whole), "\(entries)")
      }
      old = new
    }
    #expect(steps > 20)
  }

  @Test("R3: paths are assigned anew when the bytes of names that are gone exceed those of the others")
  func unused() throws {
    var entries = (0..<10).map { (name: "n\($0)", size: 1) }
    var old = try index(entries)
    var known = paths(of: old, at: .now)
    var steps = 0
    while steps < 10_000 {
      entries[0].name = "m\(steps)" + String(repeating: "m", count: 200)
      let new = try index(entries)
      let changes = try #require(ImageIndex.NameChanges(from: old, unnamed: [], to: new))
      guard let next = known.changed(by: changes, in: new, modified: .now) else { break }
      (known, old) = (next, new)
      steps += 1
    }
    #expect(steps > 100 && steps < 1000)
  }
}
