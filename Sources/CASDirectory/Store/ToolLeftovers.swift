import OCI

/// The names of files that well-known tools and systems leave in the directory of an image layout, which are therefore
/// not reported as foreign.
enum ToolLeftovers {
  /// A directory of a store.
  enum Place {
    case root
    case blobs
    case algorithm(Digest.Algorithm)
    case references
  }

  /// macOS, Windows, and the trash and snapshots of file systems.
  private static let systemNames: Set<String> = [
    ".DS_Store", "Thumbs.db", "desktop.ini", "lost+found", "System Volume Information", "$RECYCLE.BIN", ".Trashes",
    ".Spotlight-V100", ".fseventsd", ".directory", "@eaDir",
  ]
  /// macOS' forks on other file systems, files that NFS and FUSE renamed in place of removing them, and trash.
  private static let systemPrefixes = ["._", ".nfs", ".fuse_hidden", ".Trash-"]
  /// `docker save` and `podman save`; oras, docker buildx and containerd.
  private static let rootNames: Set<String> = ["manifest.json", "repositories", "ingest", "index.json.lock"]
  /// umoci, containers/image, docker buildx, and Foundation.
  private static let rootPrefixes = [".umoci-", "oci-put-blob", ".fsverity-check-", ".dat.nosync"]

  /// Whether a tool or a system makes files of this name in a directory of a store.
  static func contains(_ name: [UInt8], in place: Place) -> Bool {
    guard let name = String(validating: name, as: UTF8.self) else { return false }
    if systemNames.contains(name) || systemPrefixes.contains(where: { name.hasPrefix($0) }) { return true }
    switch place {
    case .root:
      return rootNames.contains(name) || rootPrefixes.contains { name.hasPrefix($0) } || isTemporaryIndex(name)
    case .algorithm(let algorithm): return isTemporaryBlob(name, algorithm)
    case .blobs, .references: return false
    }
  }

  /// `index.json.DIGITS.tmp` of regctl.
  private static func isTemporaryIndex(_ name: String) -> Bool {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && name.hasPrefix("index.json.") && isNumber(parts[2]) && parts[3] == "tmp"
  }

  /// `HEX` and digits of crane; `DIGITS.tmp` and `HEX.DIGITS.tmp` of regctl.
  private static func isTemporaryBlob(_ name: String, _ algorithm: Digest.Algorithm) -> Bool {
    let length = algorithm.byteCount * 2
    if Digest(algorithm, hex: String(name.prefix(length))) != nil, isNumber(name.dropFirst(length)) { return true }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.last == "tmp" else { return false }
    return switch parts.count {
    case 2: isNumber(parts[0])
    case 3: Digest(algorithm, hex: String(parts[0])) != nil && isNumber(parts[1])
    default: false
    }
  }

  private static func isNumber(_ text: Substring) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy(\.isDigit)
  }
}
