import CAS
import CASPlatform
import SystemPackage

/// Removes temporary files whose writers were killed.
enum TemporaryFileCleaner {
  /// Removes the temporary files in the store's root that are not locked. A living writer holds the lock of its file.
  ///
  /// - Returns: the number of removed files.
  static func clean(_ root: OpenFile, _ context: OperationContext) throws(CASError) -> Int {
    var count = 0
    let names = try mappingErrno(context, try temporaryNames(root))
    for name in names {
      try context.checkCancellation()
      do throws(Errno) {
        if try removeAbandoned(name, root) { count += 1 }
      } catch {
        throw CASError(error, context, file: name)
      }
    }
    return count
  }

  private static func temporaryNames(_ root: OpenFile) throws(Errno) -> [String] {
    let stream = try DirectoryStream(root)
    var names: [String] = []
    while let name = try stream.next() {
      if name.utf8.starts(with: TemporaryFile.prefix.utf8) { names.append(name) }
    }
    return names
  }

  /// - Returns: whether the file was abandoned, and is removed.
  private static func removeAbandoned(_ name: String, _ root: OpenFile) throws(Errno) -> Bool {
    do throws(Errno) {
      guard try root.status(of: name).kind == .regular else { return false }
      let file = try root.openBeneath(name, [.readOnly, .nonBlocking])
      guard try file.status().kind == .regular, try file.tryLock(.exclusive) else { return false }
      // The writer may have published the file before the lock became free; then the name is not its any more.
      guard TemporaryFile.isName(name, of: file, in: root) else { return false }
      try root.unlink(name)
      return true
    } catch {
      // Removed meanwhile, replaced by a link, or another user's: not known to be abandoned.
      let isInaccessible = [.noSuchFileOrDirectory, .permissionDenied, .tooManySymbolicLinkLevels].contains(error)
      guard isInaccessible || error.isLockingUnsupported else { throw error }
      return false
    }
  }
}
