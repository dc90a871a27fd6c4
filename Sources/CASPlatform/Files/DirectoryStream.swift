import Glibc
package import SystemPackage

/// The names in a directory, in the order of the file system: `fdopendir(3)`, `readdir(3)`.
///
/// Only one thread at a time may use it.
@safe
package final class DirectoryStream {
  private let stream: OpaquePointer

  /// Opens a stream at the first entry. It does not use the position of `directory`.
  package init(_ directory: OpenFile) throws(Errno) {
    // A new open file description, because the position in it belongs to the stream.
    let own = try directory.openBeneath(".", [.readOnly, .directory])
    let fd = try CachedDescriptors.retrying { fcntl(own.rawValue, F_DUPFD_CLOEXEC, 0) }
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

  /// Returns the names in a directory that are UTF-8, other than `.` and `..`: none if it cannot be read, and those
  /// before an error.
  package static func readableNames(in path: String) -> [String] {
    guard let directory = try? OpenFile.open(path: path, [.readOnly, .directory]),
      let stream = try? DirectoryStream(directory)
    else { return [] }
    var names: [String] = []
    while let name = try? stream.next() { names.append(name) }
    return names
  }

  /// Returns the next name other than `.` and `..`; `nil` after the last. Names that are not UTF-8 are skipped: they cannot
  /// belong to a store.
  package func next() throws(Errno) -> String? {
    while let entry = unsafe try nextEntry() {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
        unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(validatingCString: $0) }
      }
      if let name, name != ".", name != ".." { return name }
    }
    return nil
  }

  /// Returns the bytes of the next name other than `.` and `..`; `nil` after the last.
  package func nextBytes() throws(Errno) -> [UInt8]? {
    while let entry = unsafe try nextEntry() {
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe Array($0.prefix { $0 != 0 }) }
      if !name.elementsEqual(".".utf8), !name.elementsEqual("..".utf8) { return name }
    }
    return nil
  }

  /// Calls `body` with the bytes of the next name, also of `.` and `..`.
  ///
  /// - Returns: the result of `body`; `nil` after the last name.
  package func next<Result>(_ body: (Span<UInt8>) -> Result) throws(Errno) -> Result? {
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
