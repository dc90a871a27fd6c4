import Glibc
package import SystemPackage

/// A pipe within the process or to a child, both ends close-on-exec: `pipe(2)`.
package struct Pipe: Sendable {
  /// The end for reading.
  package let reader: OpenFile
  /// The end for writing.
  package let writer: OpenFile

  /// Creates a pipe.
  package init() throws(Errno) {
    var ends: [Int32] = [-1, -1]
    _ = try retrying { unsafe pipe(&ends) }
    reader = OpenFile(owning: ends[0])
    writer = OpenFile(owning: ends[1])
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
  }

  /// Writes a byte, which makes the reading end readable: `write(2)`.
  package func wake() {
    try? writer.write([UInt8(0)].span)
  }

  /// Takes the byte of one ``wake()``, and waits for it if there is none: `read(2)`.
  package func takeWake() throws(Errno) {
    var byte: [UInt8] = [0]
    var span = byte.mutableSpan
    _ = try reader.readSome(into: &span)
  }
}
