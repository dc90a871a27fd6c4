import CASPlatform
import SystemPackage

/// The mounts that a process sees: `/proc/PID/mountinfo` of proc(5).
struct MountTable: Sequence {
  /// A mount.
  struct Entry {
    /// The number of the mounted file system, `MAJOR:MINOR`, which every copy of the mount has.
    let device: String
    /// The directory within the file system that is mounted.
    let root: String
    /// The directory.
    let path: [UInt8]
    /// The type of the file system.
    let type: String
    /// The source of the mount; empty if it has none.
    let source: String

    /// Parses a line: the third field is the device, the fourth the root, the fifth the path, with white space in octal,
    /// and the type and the source follow a single dash.
    fileprivate init?(_ line: some Collection<UInt8>) {
      let fields = line.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
      guard fields.count > 4, let dash = fields.firstIndex(of: "-"), dash + 1 < fields.count else { return nil }
      device = fields[2]
      root = String(decoding: Self.unescaped(fields[3]), as: UTF8.self)
      path = Self.unescaped(fields[4])
      type = fields[dash + 1]
      source = dash + 2 < fields.count ? String(decoding: Self.unescaped(fields[dash + 2]), as: UTF8.self) : ""
    }

    private static func unescaped(_ field: String) -> [UInt8] {
      var result: [UInt8] = []
      var rest = Array(field.utf8)[...]
      while let byte = rest.popFirst() {
        if byte == UInt8(ascii: "\\"), let code = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8) {
          result.append(code)
          rest = rest.dropFirst(3)
        } else {
          result.append(byte)
        }
      }
      return result
    }
  }

  private let entries: [Entry]

  /// Reads the table of a process, by its number or `self`.
  init(ofProcess process: String = "self") throws(Errno) {
    let table = try OpenFile.open(path: "/proc/\(process)/mountinfo", .readOnly).remainingContents(limit: 16 << 20)
    entries = table.split(separator: UInt8(ascii: "\n")).compactMap { Entry($0) }
  }

  func makeIterator() -> IndexingIterator<[Entry]> { entries.makeIterator() }

  /// The device of the uppermost mount on a path without symbolic links; `nil` if nothing is mounted there.
  static func device(of path: String) -> String? {
    guard let table = try? MountTable() else { return nil }
    return table.entries.last { $0.path.elementsEqual(path.utf8) }?.device
  }

  /// Returns the number of a process that sees a mount of a device; `nil` if no process that can be examined does.
  static func process(withMountOf device: String) -> Int32? {
    guard let stream = try? DirectoryStream(OpenFile.open(path: "/proc", [.readOnly, .directory])) else { return nil }
    while let name = try? stream.next() {
      guard let process = Int32(name), let table = try? MountTable(ofProcess: name) else { continue }
      if table.contains(where: { $0.device == device }) { return process }
    }
    return nil
  }
}
