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
    let table = try OpenFile.open(path: "/proc/self/mountinfo", .readOnly).remainingContents(limit: 16 << 20)
    return table.split(separator: UInt8(ascii: "\n")).contains { line in
      // `proc(5)`: the fifth field is the mount point, with white space in octal; the type follows a single dash.
      let fields = line.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
      guard fields.count > 4, let dash = fields.firstIndex(of: "-"), dash + 1 < fields.count else { return false }
      return unescaped(fields[4]).elementsEqual(resolved.utf8) && fields[dash + 1] == "fuse.casfs"
    }
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
