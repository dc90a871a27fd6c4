import CASPlatform
import SystemPackage

extension OpenFile {
  /// Replaces a file of this directory atomically and durably: temporary file, `fsync(2)`, `renameat(2)`, `fsync(2)` of
  /// the directory.
  ///
  /// - Parameter content: the new content in pieces.
  /// - Parameter root: the directory of temporary files.
  /// - Parameter owner: the file whose permissions the new one gets, and whose owner as far as the process may set it;
  ///   `nil` means mode 0644.
  /// - Parameter isCurrent: evaluated right before the rename; if it returns `false`, nothing is changed.
  /// - Returns: whether the file was replaced.
  func replaceFile(
    _ name: String, with content: [ArraySlice<UInt8>], root: OpenFile, like owner: FileStatus?, if isCurrent: () -> Bool
  ) throws(Errno) -> Bool {
    let temporary = try TemporaryFile.named(in: root)
    try temporary.file.write(content, at: 0)
    if let owner { try? temporary.file.setOwner(user: owner.user, group: owner.group) }
    try temporary.file.setSupportedPermissions((owner?.permissions ?? 0o644) & 0o777)
    try temporary.file.synchronize()
    guard isCurrent() else { return false }
    try temporary.replace(name, in: self)
    try synchronizeDirectory()
    return true
  }
}
