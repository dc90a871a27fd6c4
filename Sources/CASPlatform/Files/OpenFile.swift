import CLinux
import Glibc
public import SystemPackage

/// An open file or directory, closed when the last reference to it goes.
///
/// Calls on it are the system's, retried when a signal interrupts them; they throw the system's error number.
/// A name passed to a directory's methods is a single component and never followed when it is a symbolic link,
/// unless the method says otherwise.
public final class OpenFile: Sendable {
  /// The number the kernel knows it by; valid while this object lives.
  public let rawValue: Int32

  /// Takes over an open descriptor, which is closed with this object.
  public init(owning rawValue: Int32) {
    self.rawValue = rawValue
  }

  /// Duplicates a descriptor that stays the caller's: `fcntl(2)` with `F_DUPFD_CLOEXEC`. Both share one position.
  public convenience init(duplicating rawValue: Int32) throws(Errno) {
    self.init(owning: try retrying { fcntl(rawValue, F_DUPFD_CLOEXEC, 0) })
  }

  deinit {
    close(rawValue)
  }

  /// How a file is opened: the flags of `open(2)`.
  public struct Flags: OptionSet, Sendable {
    /// The bits of `open(2)`.
    public let rawValue: Int32

    /// Makes flags of the bits of `open(2)`.
    public init(rawValue: Int32) {
      self.rawValue = rawValue
    }

    /// `O_RDONLY`.
    public static let readOnly = Flags([])
    /// `O_WRONLY`.
    public static let writeOnly = Flags(rawValue: O_WRONLY)
    /// `O_RDWR`.
    public static let readWrite = Flags(rawValue: O_RDWR)
    /// `O_CREAT | O_EXCL`: a file that was not there.
    public static let createNew = Flags(rawValue: O_CREAT | O_EXCL)
    /// `O_DIRECTORY`.
    public static let directory = Flags(rawValue: O_DIRECTORY)
    /// `O_TMPFILE`: an unnamed file in the directory that is opened.
    public static let unnamed = Flags(rawValue: Int32(casfs_O_TMPFILE))
    /// `O_NONBLOCK`: a FIFO put where a file is expected does not hang the open.
    public static let nonBlocking = Flags(rawValue: O_NONBLOCK)
    /// `O_NOFOLLOW`.
    public static let noFollow = Flags(rawValue: O_NOFOLLOW)
  }

  /// Opens a path that the user gave, following links: `open(2)`.
  public static func open(
    path: String, _ flags: Flags, mode: UInt32 = 0
  ) throws(Errno) -> OpenFile {
    let fd = try retrying { unsafe openat(AT_FDCWD, path, flags.rawValue | O_CLOEXEC, mode) }
    return OpenFile(owning: fd)
  }

  /// Opens a relative path that is not led out of this directory by a link, `..` or a mount trick, nor through a
  /// link at all: `openat2(2)` with `RESOLVE_BENEATH` and `RESOLVE_NO_SYMLINKS`.
  ///
  /// A link on the way is ELOOP. Where the kernel has no `openat2` (before 5.6), single components are opened with
  /// `O_NOFOLLOW` and longer paths fail with ENOSYS.
  public func openBeneath(_ path: String, _ flags: Flags, mode: UInt32 = 0) throws(Errno) -> OpenFile {
    let bits = flags.rawValue | O_CLOEXEC
    let resolve = UInt64(casfs_RESOLVE_BENEATH | casfs_RESOLVE_NO_SYMLINKS)
    do throws(Errno) {
      return OpenFile(
        owning: try retrying(also: .resourceTemporarilyUnavailable) {
          unsafe casfs_openat2(rawValue, path, bits, mode, resolve)
        })
    } catch {
      guard error == .noFunction, !path.utf8.contains(UInt8(ascii: "/")), path != ".." else { throw error }
      return OpenFile(owning: try retrying { unsafe openat(rawValue, path, bits | O_NOFOLLOW, mode) })
    }
  }

  /// The absolute path the file has now, without links: `readlink(2)` of `/proc/self/fd`.
  public func path() throws(Errno) -> String {
    var characters = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = try retrying {
      unsafe readlink("/proc/self/fd/\(rawValue)", &characters, characters.count)
    }
    let bytes = characters[..<count].map { UInt8(bitPattern: $0) }
    guard let path = String(validating: bytes, as: UTF8.self) else { throw .illegalByteSequence }
    return path
  }

  /// A second descriptor of the same open file: `F_DUPFD_CLOEXEC`.
  public func duplicate() throws(Errno) -> OpenFile {
    OpenFile(owning: try retrying { fcntl(rawValue, F_DUPFD_CLOEXEC, 0) })
  }
}

/// Calls until the result is not -1 or the error is neither EINTR nor `other`, and throws that error.
func retrying<Result: SignedInteger>(also other: Errno? = nil, _ call: () -> Result) throws(Errno) -> Result {
  var attempts = 0
  while true {
    let result = call()
    if result != -1 { return result }
    let error = Errno(rawValue: errno)
    attempts += 1
    // `other` may mean a state that lasts, so it is not retried for ever.
    if error != .interrupted && (error != other || attempts > 100) { throw error }
  }
}
