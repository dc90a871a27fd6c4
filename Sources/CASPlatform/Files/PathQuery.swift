import CLinux
import Glibc
public import SystemPackage

/// Questions about paths that a person gave, links in them followed.
public enum PathQuery {
  /// The path without links, `.` and `..`: `realpath(3)`.
  public static func absolute(_ path: String) throws(Errno) -> String {
    guard let resolved = unsafe realpath(path, nil) else { throw Errno(rawValue: errno) }
    defer { unsafe free(resolved) }
    guard let text = unsafe String(validatingCString: resolved) else { throw .illegalByteSequence }
    return text
  }

  /// The value of an extended attribute of up to 64 KiB: `getxattr(2)`.
  public static func attribute(_ name: String, of path: String) throws(Errno) -> [UInt8] {
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
