import Glibc
public import SystemPackage

/// The names in a directory, in the order the file system has them: `opendir(3)`, `readdir(3)`.
///
/// Not safe for use by two threads at once; its owner serialises.
@safe
public final class DirectoryStream {
  private let stream: OpaquePointer

  /// Starts at the first entry of the directory that is open as `directory`, which is not consumed.
  public init(_ directory: OpenFile) throws(Errno) {
    // An open file of its own, for the position in it is the stream's.
    let own = try directory.openBeneath(".", [.readOnly, .directory])
    let fd = try retrying { fcntl(own.rawValue, F_DUPFD_CLOEXEC, 0) }
    guard let stream = unsafe fdopendir(fd) else {
      let error = Errno(rawValue: errno)
      close(fd)
      throw error
    }
    unsafe self.stream = stream
  }

  deinit {
    unsafe closedir(stream)
  }

  /// The next name that is UTF-8 and neither `.` nor `..`; `nil` after the last.
  ///
  /// Names that are not UTF-8 can stand for nothing of ours and are passed over.
  public func next() throws(Errno) -> String? {
    while true {
      errno = 0
      guard let entry = unsafe readdir(stream) else {
        guard errno == 0 else { throw Errno(rawValue: errno) }
        return nil
      }
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
        unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(validatingCString: $0) }
      }
      if let name, name != ".", name != ".." { return name }
    }
  }
}
