import CLinux
import Glibc
package import SystemPackage

/// A watch of directories: `inotify(7)`. It reports changes by any process of this machine, and none that other machines
/// make on a network file system.
package final class DirectoryWatch: Sendable {
  /// A watched directory.
  package struct Token: Hashable, Sendable {
    fileprivate let descriptor: Int32
  }

  /// A change in a watched directory.
  package enum Event: Sendable {
    /// A name was added, removed or replaced, or the content of its file was written. Files without a name have no events.
    case changed(Token, name: String)
    /// The queue of the kernel was full, and events were lost: `IN_Q_OVERFLOW`.
    case overflow
  }

  private let queue: OpenFile
  private let stop: Pipe

  /// Creates a watch without directories: `inotify_init1(2)`.
  package init() throws(Errno) {
    queue = OpenFile(owning: try retrying { inotify_init1(Int32(IN_CLOEXEC | IN_NONBLOCK)) })
    stop = try Pipe()
  }

  /// Adds an open directory: `inotify_add_watch(2)`.
  ///
  /// - Parameter reportsNewNames: whether to report a name that is added and replaces none: `IN_CREATE`.
  package func add(_ directory: OpenFile, reportsNewNames: Bool) throws(Errno) -> Token {
    // Writes to files without a name cause no events; a blob in the making has one for each request.
    let events =
      IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | (reportsNewNames ? IN_CREATE : 0) | IN_MODIFY | IN_CLOSE_WRITE
      | IN_EXCL_UNLINK | IN_ONLYDIR
    let descriptor = try retrying {
      unsafe inotify_add_watch(queue.rawValue, "/proc/self/fd/\(directory.rawValue)", UInt32(events))
    }
    return Token(descriptor: descriptor)
  }

  /// Waits for events: `poll(2)`, `read(2)`.
  ///
  /// - Returns: at least one event; `nil` after ``end()``.
  package func next() throws(Errno) -> [Event]? {
    while true {
      if casfs_wait_readable(queue.rawValue, stop.reader.rawValue) == 0 { return nil }
      // A hundred events. A longer buffer takes longer to clear than the few events of a change take to handle.
      var buffer = [UInt8](repeating: 0, count: 8 << 10)
      let count: Int
      do throws(Errno) {
        var span = buffer.mutableSpan
        count = try queue.readSome(into: &span)
      } catch {
        if error == .wouldBlock { continue }
        throw error
      }
      let events = Self.events(buffer[..<count])
      if !events.isEmpty { return events }
    }
  }

  /// Ends the watch: ``next()`` returns `nil` from now on.
  package func end() {
    stop.wake()
  }

  /// Parses `struct inotify_event`s: watch, mask, cookie and length of the name, four bytes each, and the name.
  private static func events(_ bytes: ArraySlice<UInt8>) -> [Event] {
    func number(_ offset: Int) -> UInt32 {
      bytes[offset..<offset + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
    var events: [Event] = []
    var offset = bytes.startIndex
    while offset + 16 <= bytes.endIndex {
      let length = Int(number(offset + 12))
      guard length <= bytes.endIndex - offset - 16 else { break }
      let name = bytes[offset + 16..<offset + 16 + length].prefix { $0 != 0 }
      if number(offset + 4) & UInt32(IN_Q_OVERFLOW) != 0 {
        events.append(.overflow)
      } else if let name = String(validating: name, as: UTF8.self) {
        events.append(.changed(Token(descriptor: Int32(bitPattern: number(offset))), name: name))
      }
      offset += 16 + length
    }
    return events
  }
}
