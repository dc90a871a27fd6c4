import CAS
import CASPlatform
import SystemPackage

/// Directories and files that only their owner can access: modes 0700 and 0600.
enum PrivateDirectory {
  /// Opens a directory, after creating it and its parents where they are missing, and removes the access of other
  /// users.
  ///
  /// - Throws: `CASError.Code.io`.
  static func open(_ path: String) throws(CASError) -> OpenFile {
    do throws(Errno) {
      let directory = try openCreating(path)
      if try directory.status().permissions & 0o077 != 0 { try directory.setPermissions(0o700) }
      return directory
    } catch {
      throw CASError(.io(error), operation: "open cache", subject: path, cause: "\(path): \(error)")
    }
  }

  private static func openCreating(_ path: String) throws(Errno) -> OpenFile {
    do throws(Errno) {
      return try OpenFile.open(path: path, [.readOnly, .directory])
    } catch {
      let parts = path.split(separator: "/").map(String.init)
      guard error == .noSuchFileOrDirectory, let name = parts.last else { throw error }
      let parent = try openCreating("/" + parts.dropLast().joined(separator: "/"))
      do throws(Errno) {
        try parent.makeDirectory(name, permissions: 0o700)
      } catch {
        guard error == .fileExists else { throw error }
      }
      return try parent.openBeneath(name, [.readOnly, .directory])
    }
  }

  /// The path of a directory of this user alone in a directory that other users may write, such as `/tmp`; it is
  /// created if it is missing. `nil` if there is none, or another user has taken the name.
  static func ownDirectory(_ name: String, in parent: String) -> String? {
    guard let directory = try? OpenFile.open(path: parent, [.readOnly, .directory]) else { return nil }
    try? directory.makeDirectory(name, permissions: 0o700)
    guard let own = try? directory.openBeneath(name, [.readOnly, .directory]), let status = try? own.status(),
      status.user == CurrentProcess.effectiveUserID, status.permissions & 0o077 == 0, own.isWritable()
    else { return nil }
    return "\(parent)/\(name)"
  }

  /// Opens a file for reading and writing, and creates it if it is missing.
  static func openFile(_ name: String, in directory: OpenFile) throws(Errno) -> OpenFile {
    do throws(Errno) {
      return try directory.openBeneath(name, [.readWrite, .createNew], mode: 0o600)
    } catch {
      guard error == .fileExists else { throw error }
      return try directory.openBeneath(name, [.readWrite, .nonBlocking])
    }
  }
}
