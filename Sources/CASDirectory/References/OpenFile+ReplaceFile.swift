import CASPlatform
import SystemPackage

extension OpenFile {
  /// Writes a new file under a temporary name and renames it to its own, durably, replacing what has that.
  ///
  /// - Parameter root: where temporary files are.
  /// - Parameter owner: whose permissions and owner the new file gets, as far as we may; `nil` means mode 0644.
  /// - Parameter isCurrent: looked at right before the rename; when it no longer holds nothing is changed.
  /// - Returns: whether the file is in its place.
  func replaceFile(
    _ name: String, with content: [UInt8], root: OpenFile, like owner: FileStatus?, if isCurrent: () -> Bool
  ) throws(Errno) -> Bool {
    let temporary = try TemporaryFile.named(in: root)
    try temporary.file.write(content.span, at: 0)
    if let owner { try? temporary.file.setOwner(user: owner.user, group: owner.group) }
    try temporary.file.setPermissions((owner?.permissions ?? 0o644) & 0o777)
    try temporary.file.synchronize()
    guard isCurrent() else { return false }
    try temporary.replace(name, in: self)
    try synchronize()
    return true
  }
}
