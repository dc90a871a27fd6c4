import CLinux
import Glibc
package import SystemPackage

/// Queries about paths from the user. Symbolic links in them are followed.
package enum PathQuery {
  /// Returns the absolute path without symbolic links, `.` and `..`: `realpath(3)`.
  package static func absolute(_ path: String) throws(Errno) -> String {
    guard let resolved = unsafe realpath(path, nil) else { throw Errno(rawValue: errno) }
    defer { unsafe free(resolved) }
    guard let text = unsafe String(validatingCString: resolved) else { throw .illegalByteSequence }
    return text
  }

  /// Returns the number of the file system of a path, as `/proc/self/mountinfo` has it, `MAJOR:MINOR`: `statx(2)`.
  package static func device(of path: String) throws(Errno) -> String {
    var status = casfs_status()
    _ = try retrying { unsafe casfs_status(AT_FDCWD, path, &status) }
    return "\(casfs_major(status.device)):\(casfs_minor(status.device))"
  }

  /// Returns the value of an extended attribute, which is at most 64 KiB long: `getxattr(2)`.
  package static func attribute(_ name: String, of path: String) throws(Errno) -> [UInt8] {
    var value = [UInt8](repeating: 0, count: 64 << 10)
    let count = try retrying {
      unsafe value.withUnsafeMutableBytes {
        unsafe casfs_getxattr(path, name, $0.baseAddress, UInt64($0.count))
      }
    }
    value.removeLast(value.count - Int(count))
    return value
  }
}
