import Glibc
public import SystemPackage

/// A pipe within the process or to a child: `pipe(2)`, both ends close-on-exec.
public struct Pipe: Sendable {
  /// The end that is read.
  public let reader: OpenFile
  /// The end that is written.
  public let writer: OpenFile

  /// Makes a pipe.
  public init() throws(Errno) {
    var ends: [Int32] = [-1, -1]
    _ = try retrying { unsafe pipe(&ends) }
    reader = OpenFile(owning: ends[0])
    writer = OpenFile(owning: ends[1])
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
  }

  /// Makes the reading end readable.
  public func wake() {
    try? writer.write([UInt8(0)].span)
  }
}
