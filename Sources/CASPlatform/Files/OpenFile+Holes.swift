import CLinux
import Glibc
public import SystemPackage

/// The kind of place that `lseek(2)` finds in a sparse file. The end of the content counts as a hole.
public enum SeekTarget: Sendable {
  /// `SEEK_DATA`.
  case data
  /// `SEEK_HOLE`.
  case hole

  /// Decodes the argument `whence` of `lseek(2)`; `nil` for one that looks for nothing.
  public init?(whence: Int32) {
    switch whence {
    case Int32(casfs_SEEK_DATA): self = .data
    case Int32(casfs_SEEK_HOLE): self = .hole
    default: return nil
    }
  }

  fileprivate var whence: Int32 {
    switch self {
    case .data: Int32(casfs_SEEK_DATA)
    case .hole: Int32(casfs_SEEK_HOLE)
    }
  }

  /// Finds the next data or hole in content of `size` bytes without holes.
  ///
  /// - Throws: ENXIO for an offset outside the content.
  public func offset(from start: Int64, inSolid size: Int64) throws(Errno) -> Int64 {
    guard 0..<size ~= start else { throw .noSuchAddressOrDevice }
    switch self {
    case .data: return start
    case .hole: return size
    }
  }
}

extension OpenFile {
  /// Finds the next data or hole in a region of the file, in which the content is: `lseek(2)`. It moves the file's
  /// position.
  ///
  /// A file system that keeps no holes has data alone.
  ///
  /// - Parameter start: an offset in the content, as the result is.
  /// - Throws: ENXIO for an offset outside the content, and where no data follows.
  package func offset(of target: SeekTarget, from start: Int64, in region: Range<Int64>) throws(Errno) -> Int64 {
    let size = region.upperBound - region.lowerBound
    let solid = try target.offset(from: start, inSolid: size)
    let found: Int64
    do throws(Errno) {
      found = Int64(try retrying { lseek(rawValue, off_t(region.lowerBound + start), target.whence) })
    } catch {
      guard error == .invalidArgument else { throw error }
      return solid
    }
    let offset = found - region.lowerBound
    if offset < size { return offset }
    guard case .hole = target else { throw .noSuchAddressOrDevice }
    return size
  }

  /// Copies another file to this empty one, and keeps its holes: a reflink where the file system supports it
  /// (`FICLONE`), else `copy_file_range(2)` of each piece of data.
  package func copyContents(of source: OpenFile) throws(Errno) {
    if casfs_clone(rawValue, source.rawValue) == 0 { return }
    let size = try source.status().size
    var end: Int64 = 0
    while let start = try source.startOfData(from: end, size: size) {
      end = try source.offset(of: .hole, from: start, in: 0..<size)
      try copy(start..<end, of: source)
    }
    try truncate(to: size)
  }

  /// - Returns: `nil` if no data follows.
  private func startOfData(from offset: Int64, size: Int64) throws(Errno) -> Int64? {
    do throws(Errno) {
      return try self.offset(of: .data, from: offset, in: 0..<size)
    } catch {
      guard error == .noSuchAddressOrDevice else { throw error }
      return nil
    }
  }

  /// Copies bytes of another file to the same place in this one.
  private func copy(_ range: Range<Int64>, of source: OpenFile) throws(Errno) {
    var (from, to) = (range.lowerBound, range.lowerBound)
    while from < range.upperBound {
      let length = UInt64(min(range.upperBound - from, 1 << 30))
      let count = try retrying {
        unsafe casfs_copy_file_range(source.rawValue, &from, rawValue, &to, length)
      }
      // The file was truncated meanwhile; the caller compares the lengths.
      if count == 0 { return }
    }
  }
}
