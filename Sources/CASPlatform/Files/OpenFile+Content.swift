import CLinux
import Glibc
package import SystemPackage

extension OpenFile {
  /// Reads at the file's position until the buffer is full or the content ends: `read(2)`.
  ///
  /// - Returns: the number of bytes that were read; less than the length of the buffer only at the end.
  package func read(into buffer: inout MutableSpan<UInt8>) throws(Errno) -> Int {
    let fd = rawValue
    return try unsafe Self.filling(&buffer) { (bytes, done) in
      unsafe Glibc.read(fd, bytes.baseAddress, bytes.count)
    }
  }

  /// Reads at the file's position with one call, for pipes and terminals: `read(2)`.
  ///
  /// - Returns: the number of bytes that were read; 0 at the end.
  package func readSome(into buffer: inout MutableSpan<UInt8>) throws(Errno) -> Int {
    let fd = rawValue
    return try unsafe buffer.withUnsafeMutableBytes { (bytes) throws(Errno) in
      try retrying { unsafe Glibc.read(fd, bytes.baseAddress, bytes.count) }
    }
  }

  /// Reads at an offset until the buffer is full, `limit` bytes are read or the content ends: `pread(2)`.
  ///
  /// - Returns: the number of bytes that were read; less than requested only at the end.
  package func read(
    into buffer: inout MutableSpan<UInt8>, at offset: Int64, limit: Int = .max
  ) throws(Errno) -> Int {
    let fd = rawValue
    return try unsafe Self.filling(&buffer, limit: limit) { (bytes, done) in
      unsafe pread(fd, bytes.baseAddress, bytes.count, off_t(offset) + off_t(done))
    }
  }

  /// Writes all bytes at the file's position: `write(2)`.
  package func write(_ bytes: Span<UInt8>) throws(Errno) {
    let fd = rawValue
    try unsafe Self.draining(bytes) { (bytes, done) in unsafe Glibc.write(fd, bytes.baseAddress, bytes.count) }
  }

  /// Writes all bytes at an offset: `pwrite(2)`.
  package func write(_ bytes: Span<UInt8>, at offset: Int64) throws(Errno) {
    let fd = rawValue
    try unsafe Self.draining(bytes) { (bytes, done) in
      unsafe pwrite(fd, bytes.baseAddress, bytes.count, off_t(offset) + off_t(done))
    }
  }

  /// The number of bytes from which on a piece is written by a call of its own.
  private static let largePiece = 1 << 16

  /// Writes pieces at an offset, one after the other: `pwrite(2)`. Small ones are copied together.
  package func write(_ pieces: [ArraySlice<UInt8>], at offset: Int64) throws(Errno) {
    var place = offset
    var small: [UInt8] = []
    func write(_ bytes: Span<UInt8>) throws(Errno) {
      try self.write(bytes, at: place)
      place += Int64(bytes.count)
    }
    for piece in pieces {
      if small.count + piece.count < Self.largePiece {
        small += piece
        continue
      }
      try write(small.span)
      small.removeAll(keepingCapacity: true)
      if piece.count < Self.largePiece { small += piece } else { try write(piece.span) }
    }
    try write(small.span)
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

  /// Reads the whole content, of at most `limit` bytes: `pread(2)`.
  ///
  /// - Parameter size: the probable length in bytes, for which memory is reserved.
  /// - Throws: EFBIG if it is longer.
  package func contents(limit: Int, expecting size: Int64 = 0) throws(Errno) -> [UInt8] {
    var content: [UInt8] = []
    content.reserveCapacity(Int(clamping: min(size, Int64(limit))))
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      var span = chunk.mutableSpan
      let count = try read(into: &span, at: Int64(content.count))
      if count == 0 { return content }
      guard content.count + count <= limit else { throw .fileTooLarge }
      content.append(contentsOf: chunk[..<count])
    }
  }

  /// Whether the whole content is these bytes, compared in pieces: `pread(2)`.
  package func hasContents(_ expected: [UInt8]) throws(Errno) -> Bool {
    // One byte more shows the end of the file.
    var chunk = [UInt8](repeating: 0, count: min(expected.count + 1, 256 << 10))
    var done = 0
    while true {
      var span = chunk.mutableSpan
      let count = try read(into: &span, at: Int64(done))
      if count == 0 { return done == expected.count }
      guard count <= expected.count - done, Self.isEqual(chunk, expected[done..<done + count]) else { return false }
      done += count
      if count < chunk.count { return done == expected.count }
    }
  }

  private static func isEqual(_ bytes: [UInt8], _ expected: ArraySlice<UInt8>) -> Bool {
    unsafe bytes.withUnsafeBytes { (bytes) in
      unsafe expected.withUnsafeBytes { (expected) in
        guard let start = bytes.baseAddress, let other = expected.baseAddress else { return true }
        return unsafe memcmp(start, other, expected.count) == 0
      }
    }
  }

  /// Reads the first bytes, at most `limit`, by one call: `pread(2)`.
  package func beginning(limit: Int) throws(Errno) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: limit)
    var span = bytes.mutableSpan
    let fd = rawValue
    let count = try unsafe span.withUnsafeMutableBytes { (bytes) throws(Errno) in
      try retrying { unsafe pread(fd, bytes.baseAddress, bytes.count, 0) }
    }
    return Array(bytes[..<count])
  }

  /// Reads from the file's position to its end, at most `limit` bytes, also from a pipe: `read(2)`.
  ///
  /// - Throws: EFBIG if there is more.
  package func remainingContents(limit: Int) throws(Errno) -> [UInt8] {
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

  /// Starts the write-back of a range of bytes, and does not wait for it: `sync_file_range(2)`.
  package func beginWriteback(_ range: Range<Int64>) {
    casfs_begin_writeback(rawValue, range.lowerBound, range.upperBound - range.lowerBound)
  }

  /// Writes the content out and waits for that: `sync_file_range(2)`. Neither the metadata by which it is found nor the disk's
  /// own cache is written, so that it is not durable.
  ///
  /// - Throws: an error of the write-back, once.
  package func writeOut() throws(Errno) {
    do throws(Errno) {
      _ = try retrying { casfs_write_out(rawValue) }
    } catch {
      guard error == .noFunction else { throw error }
      try synchronize()
    }
  }

  /// Makes content and metadata durable: `fsync(2)`.
  package func synchronize() throws(Errno) {
    _ = try retrying { fsync(rawValue) }
  }

  /// Makes the names in a directory durable: `fsync(2)`. It has no effect on a file system that cannot do that for
  /// directories, as some network file systems, which answer with EINVAL, EBADF, EOPNOTSUPP or ENOSYS.
  package func synchronizeDirectory() throws(Errno) {
    do throws(Errno) {
      try synchronize()
    } catch {
      let unsupported: [Errno] = [.invalidArgument, .badFileDescriptor, .notSupportedOnSocket, .noFunction]
      guard unsupported.contains(error) else { throw error }
    }
  }

  /// Sets the length in bytes; the file grows by zeros: `ftruncate(2)`.
  package func truncate(to size: Int64) throws(Errno) {
    _ = try retrying { ftruncate(rawValue, off_t(size)) }
  }

  /// Sets the permission bits: `fchmod(2)`.
  package func setPermissions(_ permissions: UInt32) throws(Errno) {
    _ = try retrying { fchmod(rawValue, permissions) }
  }

  /// Sets the permission bits as far as the file system has them: `fchmod(2)`. vfat and exFAT answer with EPERM.
  package func setSupportedPermissions(_ permissions: UInt32) throws(Errno) {
    try ifSupported { () throws(Errno) in try setPermissions(permissions) }
  }

  /// Sets both times to now as far as the file system lets its user do that; see ``touch()``.
  package func touchIfSupported() throws(Errno) {
    try ifSupported { () throws(Errno) in try touch() }
  }

  /// Makes a change of metadata, which some file systems do not have: they answer with EPERM, EOPNOTSUPP or ENOSYS.
  private func ifSupported(_ change: () throws(Errno) -> Void) throws(Errno) {
    do throws(Errno) {
      try change()
    } catch {
      guard [.notPermitted, .notSupportedOnSocket, .noFunction].contains(error) else { throw error }
    }
  }

  /// Sets the owner and the group: `fchown(2)`.
  package func setOwner(user: UInt32, group: UInt32) throws(Errno) {
    _ = try retrying { fchown(rawValue, user, group) }
  }

  /// Sets the times of access and modification to the current time: `futimens(2)`.
  package func touch() throws(Errno) {
    _ = try retrying { futimens(rawValue, nil) }
  }

  /// Sets the times of access and modification: `futimens(2)`.
  ///
  /// - Throws: EPERM for another user's file.
  package func setModified(_ time: Timestamp) throws(Errno) {
    let time = timespec(tv_sec: time_t(time.seconds), tv_nsec: Int(time.nanoseconds))
    let times = [time, time]
    _ = try retrying { unsafe futimens(rawValue, times) }
  }

  /// Whether a process has the file open for writing, which makes a read lease fail: `fcntl(2)` with `F_SETLEASE`.
  ///
  /// - Returns: `nil` if the kernel grants no lease: the file belongs to another user, or the file system has no leases.
  package func hasWriter() -> Bool? {
    switch casfs_has_writer(rawValue) {
    case 0: false
    case 1: true
    default: nil
    }
  }

  /// Announces a sequential read: `posix_fadvise(2)` with `POSIX_FADV_SEQUENTIAL`.
  package func adviseSequential() {
    _ = posix_fadvise(rawValue, 0, 0, POSIX_FADV_SEQUENTIAL)
  }
}
