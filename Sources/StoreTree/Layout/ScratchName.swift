import OCI

/// A name that a tool gives to temporary content in the root of a layout, or beside its blobs. No other name can be made
/// there: a layout in a directory of the mount's root would disappear with its process.
struct ScratchName: Sendable {
  /// Where tools make temporary content.
  enum Place: Hashable, Sendable {
    case root
    case blobs(Digest.Algorithm)
  }

  /// How long the content stays.
  enum Lifetime: Sendable {
    /// Until its process and its descriptors have ended.
    case process
    /// An hour: one process writes it, and another renames it.
    case age
  }

  /// The file name.
  let text: String
  let lifetime: Lifetime
  /// Whether each process has its own: BuildKit gives up if another one has locked the file, and Apple's containerization
  /// removes the directory with everything in it.
  let isOfProcess: Bool
  /// Whether tools give the name to a new `index.json`.
  let isOfIndex: Bool

  /// Reads the name of a file; `nil` if no tool uses it there.
  init?(file text: String, in place: Place) {
    let bytes = Array(text.utf8)
    switch place {
    case .blobs: guard Self.isBlobScratch(bytes) else { return nil }
    case .root:
      if Self.editorNames.contains(where: { Self.matches(bytes, $0) }) {
        self.init(text, .age, isOfIndex: true)
        return
      }
      guard Self.fileNames.contains(where: { Self.matches(bytes, $0) }) else { return nil }
    }
    self.init(
      text, .process, isOfProcess: text.sameBytes(as: Self.lock),
      isOfIndex: place == .root && Self.matches(bytes, Self.newIndex))
  }

  /// Reads the name of a directory; `nil` if no tool uses it there.
  init?(directory text: String, in place: Place) {
    let bytes = Array(text.utf8)
    guard place == .root, Self.directoryNames.contains(where: { Self.matches(bytes, $0) }) else { return nil }
    self.init(text, .process, isOfProcess: text.sameBytes(as: Self.ingest))
  }

  private init(_ text: String, _ lifetime: Lifetime, isOfProcess: Bool = false, isOfIndex: Bool = false) {
    self.text = text
    self.lifetime = lifetime
    self.isOfProcess = isOfProcess
    self.isOfIndex = isOfIndex
  }

  private static let lock = "index.json.lock"
  private static let ingest = "ingest"

  /// A pattern: text around a variable part.
  private typealias Pattern = (prefix: String, variable: @Sendable (ArraySlice<UInt8>) -> Bool, suffix: String)

  /// regctl's name for a new index.
  private static let newIndex: Pattern = ("index.json.", isNumber, ".tmp")

  private static let fileNames: [Pattern] = [
    ("oci-put-blob", isNumber, ""),  // containers/image: skopeo, buildah, podman
    newIndex,
    (lock, isNothing, ""),  // BuildKit
    (".dat.nosync", { _ in true }, ""),  // Foundation: containerization
    (".casfs-tmp-", { _ in true }, ""),
  ]

  /// The names of `sed -i`, `perl -i`, `jq` and `mv`, rsync, vim.
  private static let editorNames: [Pattern] = [
    ("sed", { $0.count == 6 && $0.allSatisfy(isLetterOrDigit) }, ""),
    ("XX", { $0.count == 6 && $0.allSatisfy(isLetterOrDigit) }, ""),
    ("index.json.tmp", isNothing, ""), (".index.json.", { _ in true }, ""), ("index.json~", isNothing, ""),
    ("4913", isNothing, ""),
  ]

  private static let directoryNames: [Pattern] = [
    (".umoci-", isNumber, ""), (ingest, isNothing, ""), (".fsverity-check-", isNumber, ""),
  ]

  private static func matches(_ bytes: [UInt8], _ pattern: Pattern) -> Bool {
    let fixed = pattern.prefix.utf8.count + pattern.suffix.utf8.count
    guard bytes.count >= fixed, bytes.starts(with: pattern.prefix.utf8),
      bytes.suffix(pattern.suffix.utf8.count).elementsEqual(pattern.suffix.utf8)
    else { return false }
    return pattern.variable(bytes[pattern.prefix.utf8.count..<bytes.count - pattern.suffix.utf8.count])
  }

  /// crane's `HEX` and digits; regctl's digits and `.tmp`, or `HEX.`, digits and `.tmp`.
  private static func isBlobScratch(_ bytes: [UInt8]) -> Bool {
    let isTemporary = bytes.suffix(4).elementsEqual(".tmp".utf8)
    let name = isTemporary ? bytes.dropLast(4)[...] : bytes[...]
    if isTemporary, isNumber(name) { return true }
    return Digest.Algorithm.allCases.contains { algorithm in
      let length = algorithm.byteCount * 2
      guard name.prefix(length).allSatisfy(isHexadecimal), name.count > length else { return false }
      let rest = name.dropFirst(length)
      return isTemporary ? rest.first == UInt8(ascii: ".") && isNumber(rest.dropFirst()) : isNumber(rest)
    }
  }

  @Sendable
  private static func isNothing(_ bytes: ArraySlice<UInt8>) -> Bool { bytes.isEmpty }

  @Sendable
  private static func isNumber(_ bytes: ArraySlice<UInt8>) -> Bool {
    !bytes.isEmpty && bytes.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool { "0123456789abcdef".utf8.contains(byte) }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"):
      true
    default: false
    }
  }
}
