import CAS
import CASPlatform
import SystemPackage

/// Files of the user and the system that tell how to reach registries.
enum SettingsFile {
  /// Reads a file.
  ///
  /// - Parameter kind: what the file is, for the message: "unreadable KIND PATH: REASON".
  /// - Parameter limit: the longest file, in bytes.
  /// - Throws: `RegistryError.refused` with the code of the system call.
  static func contents(_ path: String, _ kind: String, limit: Int) throws(RegistryError) -> [UInt8] {
    do throws(Errno) {
      return try OpenFile.open(path: path, [.readOnly, .nonBlocking]).contents(limit: limit)
    } catch {
      throw .refused(.io(error), "unreadable \(kind) \(path): \(error)")
    }
  }

  /// Reads a file as ``contents(_:_:limit:)`` does; `nil` if it does not exist.
  static func contentsIfPresent(_ path: String, _ kind: String, limit: Int) throws(RegistryError) -> [UInt8]? {
    do throws(RegistryError) {
      return try contents(path, kind, limit: limit)
    } catch {
      guard case .refused(let code, _) = error,
        code == .io(.noSuchFileOrDirectory) || code == .io(.notDirectory)
      else { throw error }
      return nil
    }
  }
}
