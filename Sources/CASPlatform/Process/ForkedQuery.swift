import CLinux
import Glibc
package import SystemPackage

/// A question that a forked child asks, because the answer may never come: `fork(2)`, `kill(2)`.
///
/// A request that a FUSE daemon has read and does not answer cannot be interrupted, not even by SIGKILL, and would keep
/// its process from ending. The caller must have one thread.
package struct ForkedQuery: Sendable {
  private let child: Int32
  private let reader: OpenFile

  /// Starts a child that asks the question.
  ///
  /// - Parameter question: returns the answer. It is called in the child alone.
  package init(_ question: () -> [UInt8]) throws(Errno) {
    let pipe = try Pipe()
    let side = try retrying { casfs_fork() }
    if side == 0 {
      try? pipe.writer.write(question().span)
      _exit(0)
    }
    child = side
    reader = pipe.reader
  }

  /// Waits for the answer, and ends the child. A child that cannot be ended is left to the system.
  ///
  /// - Returns: `nil` if the child has not answered by the deadline.
  package func answer(by deadline: ContinuousClock.Instant) -> [UInt8]? {
    var answer: [UInt8] = []
    while isReadable(by: deadline) {
      var part = [UInt8](repeating: 0, count: 4096)
      var span = part.mutableSpan
      guard let count = try? reader.readSome(into: &span), count > 0 else {
        _ = try? ChildProcess.waitForStatus(of: child)
        return answer
      }
      answer += part[..<count]
    }
    _ = kill(child, SIGKILL)
    return nil
  }

  /// Asks a question that can fail.
  ///
  /// - Throws: the error of the question; ETIMEDOUT if there is no answer by the deadline.
  package static func ask(
    by deadline: ContinuousClock.Instant, _ question: () throws(Errno) -> [UInt8]
  ) throws(Errno) -> [UInt8] {
    let query = try ForkedQuery {
      do throws(Errno) {
        return [0] + (try question())
      } catch {
        return [1] + Array(String(error.rawValue).utf8)
      }
    }
    guard let answer = query.answer(by: deadline) else { throw .timedOut }
    guard answer.first == 0 else {
      throw Errno(rawValue: Int32(String(decoding: answer.dropFirst(), as: UTF8.self)) ?? EIO)
    }
    return Array(answer.dropFirst())
  }

  private func isReadable(by deadline: ContinuousClock.Instant) -> Bool {
    var state = pollfd(fd: reader.rawValue, events: Int16(POLLIN), revents: 0)
    while true {
      let left = max(deadline - ContinuousClock.now, .zero)
      // Rounded up, so that the last wait does not become a loop.
      let ready = unsafe poll(&state, 1, Int32(clamping: Int64((left / .milliseconds(1)).rounded(.up))))
      if ready > 0 { return true }
      if ready == 0, left == .zero { return false }
      if ready < 0, errno != EINTR { return false }
    }
  }
}
