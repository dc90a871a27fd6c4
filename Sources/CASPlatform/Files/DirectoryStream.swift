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
    while let entry = unsafe try nextEntry() {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
        unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(validatingCString: $0) }
      }
      if let name, name != ".", name != ".." { return name }
    }
    return nil
  }

  /// The bytes of the next name that is neither `.` nor `..`; `nil` after the last.
  public func nextBytes() throws(Errno) -> [UInt8]? {
    while let entry = unsafe try nextEntry() {
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe Array($0.prefix { $0 != 0 }) }
      if !name.elementsEqual(".".utf8), !name.elementsEqual("..".utf8) { return name }
    }
    return nil
  }

  /// What `body` makes of the bytes of the next name, be it `.` or `..` too; `nil` after the last.
  public func next<Result>(_ body: (Span<UInt8>) -> Result) throws(Errno) -> Result? {
    guard let entry = unsafe try nextEntry() else { return nil }
    return unsafe withUnsafeBytes(of: &entry.pointee.d_name) { (bytes) in
      let name = unsafe bytes.bindMemory(to: UInt8.self)
      let length = unsafe name.baseAddress.map { unsafe strnlen($0, name.count) } ?? 0
      return unsafe body(name.span.extracting(first: length))
    }
  }

  private func nextEntry() throws(Errno) -> UnsafeMutablePointer<dirent>? {
    errno = 0
    let entry = unsafe readdir(stream)
    if unsafe entry == nil, errno != 0 { throw Errno(rawValue: errno) }
    return unsafe entry
  }
}
