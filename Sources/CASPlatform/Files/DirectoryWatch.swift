import CLinux
import Glibc
public import SystemPackage

/// Tells what others do in directories: `inotify(7)`. It sees what is done on this machine, so not on a file system
/// that others write over a network.
public final class DirectoryWatch: Sendable {
  /// A directory that is watched.
  public struct Token: Hashable, Sendable {
    fileprivate let descriptor: Int32
  }

  /// What happened.
  public enum Event: Sendable {
    /// Something is not under this name any more, or something else is, or its content was written.
    case changed(Token, name: String)
    /// So much happened that some of it was lost.
    case overflow
  }

  private let queue: OpenFile
  private let stop: Pipe

  /// Watches nothing yet.
  public init() throws(Errno) {
    queue = OpenFile(owning: try retrying { inotify_init1(Int32(IN_CLOEXEC | IN_NONBLOCK)) })
    stop = try Pipe()
  }

  /// Watches an open directory too: for names that go, come by renaming, or are made, and for content that is written.
  public func add(_ directory: OpenFile) throws(Errno) -> Token {
    let events =
      IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_ONLYDIR
    let descriptor = try retrying {
      unsafe inotify_add_watch(queue.rawValue, "/proc/self/fd/\(directory.rawValue)", UInt32(events))
    }
    return Token(descriptor: descriptor)
  }

  /// Waits for something to happen.
  ///
  /// - Returns: what happened; `nil` after ``end()``.
  public func next() throws(Errno) -> [Event]? {
    while true {
      if casfs_wait_readable(queue.rawValue, stop.reader.rawValue) == 0 { return nil }
      var buffer = [UInt8](repeating: 0, count: 64 << 10)
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

  /// Lets ``next()`` return for good.
  public func end() {
    stop.wake()
  }

  /// Takes `struct inotify_event`s apart: watch, mask, cookie and length of the name, four bytes each, and the name.
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
