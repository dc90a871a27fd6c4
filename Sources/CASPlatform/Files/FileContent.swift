import CLinux
import Glibc
public import SystemPackage

extension OpenFile {
  /// Reads at the file's position until the buffer is full or the content ends: `read(2)`.
  ///
  /// - Returns: how many bytes were read; fewer than the buffer holds only at the end.
  public func read(into buffer: inout MutableSpan<UInt8>) throws(Errno) -> Int {
    let fd = rawValue
    return try unsafe Self.filling(&buffer) { (bytes, done) in
      unsafe Glibc.read(fd, bytes.baseAddress, bytes.count)
    }
  }

  /// Reads whatever one call gives at the file's position, for pipes and terminals: `read(2)`.
  ///
  /// - Returns: how many bytes were read; 0 at the end.
  public func readSome(into buffer: inout MutableSpan<UInt8>) throws(Errno) -> Int {
    let fd = rawValue
    return try unsafe buffer.withUnsafeMutableBytes { (bytes) throws(Errno) in
      try retrying { unsafe Glibc.read(fd, bytes.baseAddress, bytes.count) }
    }
  }

  /// Reads at an offset until the buffer is full, `limit` bytes are read or the content ends: `pread(2)`.
  ///
  /// - Returns: how many bytes were read; fewer than asked for only at the end.
  public func read(
    into buffer: inout MutableSpan<UInt8>, at offset: Int64, limit: Int = .max
  ) throws(Errno) -> Int {
    let fd = rawValue
    return try unsafe Self.filling(&buffer, limit: limit) { (bytes, done) in
      unsafe pread(fd, bytes.baseAddress, bytes.count, off_t(offset) + off_t(done))
    }
  }

  /// Writes all bytes at the file's position: `write(2)`.
  public func write(_ bytes: Span<UInt8>) throws(Errno) {
    let fd = rawValue
    try unsafe Self.draining(bytes) { (bytes, done) in unsafe Glibc.write(fd, bytes.baseAddress, bytes.count) }
  }

  /// Writes all bytes at an offset: `pwrite(2)`.
  public func write(_ bytes: Span<UInt8>, at offset: Int64) throws(Errno) {
    let fd = rawValue
    try unsafe Self.draining(bytes) { (bytes, done) in
      unsafe pwrite(fd, bytes.baseAddress, bytes.count, off_t(offset) + off_t(done))
    }
  }

  private static func filling(
    _ buffer: inout MutableSpan<UInt8>, limit: Int = .max, _ call: (UnsafeMutableRawBufferPointer, Int) -> Int
  ) throws(Errno) -> Int {
    try unsafe buffer.withUnsafeMutableBytes { (bytes) throws(Errno) in
      let wanted = min(bytes.count, max(limit, 0))
      var done = 0
      while done < wanted {
        let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[done..<wanted])
        let count = try retrying { unsafe call(rest, done) }
        if count == 0 { break }
        done += count
      }
      return done
    }
  }

  private static func draining(
    _ span: Span<UInt8>, _ call: (UnsafeRawBufferPointer, Int) -> Int
  ) throws(Errno) {
    try unsafe span.withUnsafeBytes { (bytes) throws(Errno) in
      var done = 0
      while done < bytes.count {
        let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[done...])
        done += try retrying { unsafe call(rest, done) }
      }
    }
  }

  /// The whole content, when it is no longer than `limit` bytes; else EFBIG.
  public func contents(limit: Int) throws(Errno) -> [UInt8] {
    var content: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      var span = chunk.mutableSpan
      let count = try read(into: &span, at: Int64(content.count))
      if count == 0 { return content }
      guard content.count + count <= limit else { throw .fileTooLarge }
      content.append(contentsOf: chunk[..<count])
    }
  }

  /// What there is from the file's position to its end, when it is no longer than `limit` bytes; else EFBIG.
  /// Pipes have no other content.
  public func remainingContents(limit: Int) throws(Errno) -> [UInt8] {
    var content: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      var span = chunk.mutableSpan
      let count = try read(into: &span)
      if count == 0 { return content }
      guard content.count + count <= limit else { throw .fileTooLarge }
      content.append(contentsOf: chunk[..<count])
    }
  }

  /// Lets the disk begin with what was written in a range, without waiting for it: `sync_file_range(2)`.
  public func beginWriteback(_ range: Range<Int64>) {
    casfs_begin_writeback(rawValue, range.lowerBound, range.upperBound - range.lowerBound)
  }

  /// Makes content and status durable: `fsync(2)`.
  public func synchronize() throws(Errno) {
    _ = try retrying { fsync(rawValue) }
  }

  /// Makes the file this long, with zeros where it grows: `ftruncate(2)`.
  public func truncate(to size: Int64) throws(Errno) {
    _ = try retrying { ftruncate(rawValue, off_t(size)) }
  }

  /// Sets the permission bits: `fchmod(2)`.
  public func setPermissions(_ permissions: UInt32) throws(Errno) {
    _ = try retrying { fchmod(rawValue, permissions) }
  }

  /// Gives the file to a user and a group: `fchown(2)`.
  public func setOwner(user: UInt32, group: UInt32) throws(Errno) {
    _ = try retrying { fchown(rawValue, user, group) }
  }

  /// Sets the times of reading and change to the present: `futimens(2)`.
  public func touch() throws(Errno) {
    _ = try retrying { futimens(rawValue, nil) }
  }

  /// Whether some process has the file open for writing, as the kernel tells who asks for a read lease:
  /// `fcntl(2)`, `F_SETLEASE`.
  ///
  /// - Returns: `nil` when it does not tell: the file is another user's, or the file system has no leases.
  public func hasWriter() -> Bool? {
    switch casfs_has_writer(rawValue) {
    case 0: false
    case 1: true
    default: nil
    }
  }

  /// Tells the kernel that the file is about to be read from front to back: `posix_fadvise(2)`.
  public func adviseSequential() {
    _ = posix_fadvise(rawValue, 0, 0, POSIX_FADV_SEQUENTIAL)
  }

  /// Makes this empty file a copy of another, sharing its extents where the file system can, else copied in the
  /// kernel: `FICLONE`, `copy_file_range(2)`.
  public func copyContents(of source: OpenFile) throws(Errno) {
    if casfs_clone(rawValue, source.rawValue) == 0 { return }
    var from: Int64 = 0
    var to: Int64 = 0
    while true {
      let count = try retrying {
        unsafe casfs_copy_file_range(source.rawValue, &from, rawValue, &to, 1 << 30)
      }
      if count == 0 { return }
    }
  }
}
