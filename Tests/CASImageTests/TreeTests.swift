import CAS
import CASImage
import Foundation
import TestSupport
import Testing

@Suite struct TreeTests {
  @Test(
    "F7: layers of every format and kind show the tree that the kernel shows, or are refused", .needs(.tools("python3"))
  )
  func cases() throws {
    let cases = try LayoutCases()
    var trees = 0
    var refusals = 0
    for answer in cases.answers where cases.exists(answer.case) && answer.answer != "either" {
      let found: [[UInt8]: [String: LayoutCases.Field]]
      do {
        found = try cases.image(answer.case).rows()
      } catch {
        #expect(answer.rows == nil, "\(answer.case): \(error)")
        refusals += 1
        continue
      }
      guard let rows = answer.rows else {
        Issue.record("\(answer.case): shown and not refused")
        continue
      }
      trees += 1
      let differences = Self.differences(found, rows)
      #expect(differences.isEmpty, "\(answer.case): \(differences.prefix(5))")
    }
    #expect(trees > 280 && refusals > 70)
  }

  @Test("F2: an entry is in the directory that its path leads to at its place in the layer")
  func replacedDirectories() throws {
    let link = ImageBuilder.header(Array("d".utf8), size: 0, type: "2", link: "e")
    let lower = ImageBuilder.tar([("x/a", [1]), ("x/b", [2])])
    var tar: [UInt8] = ImageBuilder.tar([("e/a", [3]), ("d/b", [4])])
    tar.removeLast(1024)
    tar += link + ImageBuilder.tar([("d/c", [5])])
    tar.removeLast(1024)
    tar += ImageBuilder.tar([("x/c", [6]), ("x/.wh.a", []), ("x/d", [7]), (".wh.x", []), ("x/e", [8])])
    let builder = try ImageBuilder()
    let image = try Image(builder.image([(lower, lower), (tar, tar)]), in: builder.engine)
    #expect(try image.contents("e/c") == [5])
    #expect(image.file(at: Array("d/b".utf8)) == nil)
    for (path, content): (String, UInt8) in [("x/c", 6), ("x/d", 7), ("x/e", 8)] {
      #expect(try image.contents(path) == [content])
    }
    for path in ["x/a", "x/b"] { #expect(image.file(at: Array(path.utf8)) == nil) }
    // `d` leads to the root, and through the link that replaces `f` there, to `e`.
    var links: [UInt8] = ImageBuilder.tar([("e/q/a", [1]), ("f/x", [2])])
    links.removeLast(1024)
    for (name, target) in [("d", "f/.."), ("d/f", "e/q")] {
      links += ImageBuilder.header(Array(name.utf8), size: 0, type: "2", link: target)
    }
    links += ImageBuilder.tar([("d/y", [3])])
    let linked = try Image(builder.image([(links, links)]), in: builder.engine)
    #expect(try linked.contents("e/y") == [3])
    #expect(linked.file(at: [UInt8(ascii: "y")]) == nil)
  }

  /// Lines on what differs. A time of `now` agrees with any, and link counts are the kernel's own.
  static func differences(
    _ found: [[UInt8]: [String: LayoutCases.Field]], _ rows: [[String: LayoutCases.Field]]
  ) -> [String] {
    var lines: [String] = []
    var paths: Set<[UInt8]> = []
    for row in rows {
      let path = path(of: row)
      paths.insert(path)
      guard let other = found[path] else {
        lines.append("missing: \(String(decoding: path, as: UTF8.self))")
        continue
      }
      for key in Set(row.keys).union(other.keys).subtracting(["path", "path_hex", "nlink"]) where row[key] != other[key]
      {
        if key == "mtime", row[key] == .text("now") { continue }
        let name = String(decoding: path, as: UTF8.self)
        lines.append("\(name): \(key) is \(String(describing: other[key])), not \(String(describing: row[key]))")
      }
    }
    for path in found.keys where !paths.contains(path) {
      lines.append("not expected: \(String(decoding: path, as: UTF8.self))")
    }
    return lines
  }

  private static func path(of row: [String: LayoutCases.Field]) -> [UInt8] {
    if case .text(let text) = row["path"] { return Array(text.utf8) }
    guard case .text(let hex) = row["path_hex"] else { return [] }
    let digits = Array(hex)
    return stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0..<$0 + 2]), radix: 16) }
  }
}
