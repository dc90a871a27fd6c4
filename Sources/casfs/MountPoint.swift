import CAS
import CASPlatform
import FUSE
import SystemPackage

/// The directory on which a store is mounted.
struct MountPoint {
  /// The absolute path, without symbolic links.
  let path: String

  /// Checks that a store can be mounted on the directory. A stale mount of casfs, whose daemon was killed, is detached
  /// first.
  init(_ argument: String, allowsNonempty: Bool) throws(CASError) {
    do throws(Errno) {
      path = try Self.freed(argument, allowsNonempty: allowsNonempty)
    } catch {
      throw CASError(error, OperationContext("mount on", on: argument))
    }
  }

  /// The directory of a mount that is there, by the path that ``init(_:allowsNonempty:)`` made for it.
  init(known path: String) {
    self.path = path
  }

  /// Detaches a stale mount, on which calls fail with ENOTCONN, or ECONNABORTED while the daemon is exiting.
  private static func freed(_ argument: String, allowsNonempty: Bool) throws(Errno) -> String {
    do throws(Errno) {
      return try usable(argument, allowsNonempty: allowsNonempty)
    } catch {
      guard error == .socketNotConnected || error == .connectionAbort, try isOurs(argument) else { throw error }
      Session.detach(argument)
      return try usable(argument, allowsNonempty: allowsNonempty)
    }
  }

  private static func usable(_ argument: String, allowsNonempty: Bool) throws(Errno) -> String {
    let path = try PathQuery.absolute(argument)
    let directory = try OpenFile.open(path: path, [.readOnly, .directory])
    if !allowsNonempty, try DirectoryStream(directory).next() != nil { throw Errno.directoryNotEmpty }
    return path
  }

  /// Whether `/proc/self/mountinfo` lists a mount of casfs on a path. A stale mount cannot be resolved, but its parent
  /// can.
  private static func isOurs(_ path: String) throws(Errno) -> Bool {
    let full = FilePath(path)
    guard let name = full.lastComponent else { return false }
    let parent = full.removingLastComponent()
    let resolved = FilePath(try PathQuery.absolute(parent.isEmpty ? "." : parent.string)).appending(name).string
    return try MountTable().contains { $0.path.elementsEqual(resolved.utf8) && $0.type == "fuse.casfs" }
  }
}
