import Glibc

/// System calls on files, without overhead that would be measured too.
enum Files {
  /// The size of a read or write.
  static let chunk = 1 << 20

  /// Reads a file to its end.
  ///
  /// - Returns: its size in bytes.
  @discardableResult
  static func read(_ path: String) throws -> Int {
    let file = try open(path, O_RDONLY)
    defer { close(file) }
    var buffer = [UInt8](repeating: 0, count: chunk)
    var total = 0
    while true {
      let count = try Failure.check(unsafe Glibc.read(file, &buffer, chunk), "read", path)
      if count == 0 { return total }
      total += count
    }
  }

  /// Reads the first bytes of a file, up to 4 KiB, and closes it again.
  static func readStart(_ path: String, into buffer: inout [UInt8]) throws {
    let file = try open(path, O_RDONLY)
    try Failure.check(unsafe Glibc.read(file, &buffer, min(buffer.count, 4096)), "read", path)
    close(file)
  }

  /// The content of a text file.
  static func text(of path: String) throws -> String {
    let file = try open(path, O_RDONLY)
    defer { close(file) }
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: chunk)
    while true {
      let count = try Failure.check(unsafe Glibc.read(file, &buffer, chunk), "read", path)
      if count == 0 { return String(decoding: text, as: UTF8.self) }
      text += buffer[..<count]
    }
  }

  /// Requests a file's attributes.
  static func status(_ path: String) throws {
    var status = stat()
    try Failure.check(unsafe stat(path, &status), "stat", path)
  }

  /// The size of a file in bytes.
  static func size(_ path: String) throws -> Int64 {
    var status = stat()
    try Failure.check(unsafe stat(path, &status), "stat", path)
    return Int64(status.st_size)
  }

  /// Creates a file, which must be absent.
  static func write(_ bytes: [UInt8], to path: String, isDurable: Bool = false) throws {
    let file = try open(path, O_WRONLY | O_CREAT | O_EXCL)
    do {
      try write(bytes, to: file, path)
      if isDurable { try Failure.check(fsync(file), "fsync", path) }
    } catch {
      close(file)
      throw error
    }
    try Failure.check(close(file), "close", path)
  }

  /// Writes all of some bytes to an open file.
  static func write(_ bytes: [UInt8], to file: Int32, _ path: String) throws {
    let count = try Failure.check(unsafe Glibc.write(file, bytes, bytes.count), "write", path)
    guard count == bytes.count else { throw Failure("write \(path): only \(count) bytes") }
  }

  /// Opens a file.
  static func open(_ path: String, _ flags: Int32) throws -> Int32 {
    try Failure.check(unsafe Glibc.open(path, flags | O_CLOEXEC, 0o644), "open", path)
  }

  /// Creates a directory.
  static func makeDirectory(_ path: String) throws {
    try Failure.check(unsafe mkdir(path, 0o755), "make", path)
  }

  /// Renames a file, and replaces an existing one.
  static func rename(_ old: String, _ new: String) throws {
    try Failure.check(unsafe Glibc.rename(old, new), "rename", old)
  }

  /// Makes a directory's entries durable.
  static func syncDirectory(_ path: String) throws {
    let directory = try open(path, O_RDONLY | O_DIRECTORY)
    defer { close(directory) }
    try Failure.check(fsync(directory), "fsync", path)
  }

  /// The names in a directory, without `.` and `..`.
  static func names(in path: String) throws -> [String] {
    guard let stream = unsafe opendir(path) else { throw Failure(call: "open", path) }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
        unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  /// Removes all files of a directory, and waits for the disk, which would disturb the next measurement.
  static func empty(_ path: String) throws {
    for name in try names(in: path) { try Failure.check(unsafe unlink("\(path)/\(name)"), "unlink", name) }
    sync()
  }

  /// Drops the kernel's caches of all files. Root only.
  static func dropCaches() throws {
    sync()
    let control = "/proc/sys/vm/drop_caches"
    let file = try open(control, O_WRONLY)
    defer { close(file) }
    try write([UInt8(ascii: "3")], to: file, control)
  }
}
