import CASPlatform
import SystemPackage

@testable import StoreTree

/// Each line is the value of a `-o`, the last one a source.
func fuzzMountOptions(_ input: [UInt8]) {
  let lines = input.split(separator: 0x0A, omittingEmptySubsequences: false).map {
    String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
  }
  let system = MountSystem(hasSELinux: false, isRoot: true)
  guard let source = lines.last, let options = try? MountOptions(Array(lines.dropLast()), on: system) else { return }
  let words = options.libfuseOptions(source: source, isReadOnly: options.isReadOnly)
  // As libfuse reads them, joined by commas.
  let read = libfuseOptions(words.joined(separator: ","))
  require(read.count == words.count, "\(read.count) options in place of \(words.count)")
  let name = Array("fsname=\(options.source ?? source)".utf8)
  require(read.first == name, "the source is another")
  let known = [
    "allow_other", "allow_root", "default_permissions", "auto_unmount", "noexec", "sync", "dirsync", "noatime",
    "subtype=casfs", "ro",
  ]
  for word in read.dropFirst() {
    let text = String(decoding: word, as: UTF8.self)
    let number = text.utf8.starts(with: "max_read=".utf8) ? UInt32(text.dropFirst(9)) : nil
    require(number != nil || known.contains(text), "libfuse gets \(text)")
  }
}

/// Splits at unescaped commas and removes backslashes, as `fuse_opt_parse(3)` does.
private func libfuseOptions(_ text: String) -> [[UInt8]] {
  var options: [[UInt8]] = [[]]
  var bytes = Array(text.utf8)[...]
  while let byte = bytes.popFirst() {
    switch byte {
    case UInt8(ascii: ","): options.append([])
    case UInt8(ascii: "\\"): if let next = bytes.popFirst() { options[options.count - 1].append(next) }
    default: options[options.count - 1].append(byte)
    }
  }
  return options
}

func fuzzAccessControlList(_ input: [UInt8]) {
  guard var list = try? AccessControlList(input) else { return }
  let value = list.value
  require(value.count == input.count, "its length changed")
  require((try? AccessControlList(value))?.value == value, "read again it is another")
  require(list.mode <= 0o777, "mode \(list.mode)")
  require(!list.isMinimal || value.count == 28, "minimal with \(value.count) bytes")
  let mode = UInt32(input.last ?? 0) << 2 | UInt32(input.count) & 3
  list.setMode(mode)
  require(list.mode == mode & 0o777, "mode \(list.mode) in place of \(mode)")
  var metadata = FileMetadata(permissions: 0o1644, user: 0, group: 0, now: .now)
  guard (try? metadata.setExtendedAttribute(AccessControlList.attribute, input, mustBe: .either)) != nil else { return }
  require(metadata.permissions & 0o7000 == 0o1000, "the sticky bit is gone")
}

/// The first line is a command's name, the rest numbers.
func fuzzProcessText(_ input: [UInt8]) {
  let text = String(decoding: input, as: UTF8.self)
  _ = ProcInspector.exitCode(in: text)
  _ = ProcInspector.field("Tgid:", of: text)
  var pieces = Pieces(input)
  let name = String(decoding: pieces.bytes(upTo: 0x0A), as: UTF8.self)
  let code = Int32(pieces.byte()) << 8 | Int32(pieces.byte())
  let before = (4...51).map { _ in String(pieces.byte()) }.joined(separator: " ")
  let stat = "1 (\(name)) Z \(before) \(code)\n"
  require(ProcInspector.exitCode(in: stat) == code, "exit code of \(stat)")
  let status = "Name:\t\(name.filter { !$0.isNewline && $0 != "\n" })\nUmask:\t0022\nTgid:\t\(code)\nFDSize:\t0\n"
  guard !status.utf8.starts(with: "Name:\tTgid:".utf8) else { return }
  require(ProcInspector.field("Tgid:", of: status) == String(code), "thread group of \(status)")
}
