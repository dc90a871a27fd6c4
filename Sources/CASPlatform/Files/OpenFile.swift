import CLinux
import Glibc
public import SystemPackage

/// An open file or directory, which closes with the last reference to the object: `close(2)`.
///
/// Members call the system, repeat a call that a signal interrupted, and throw the error number. A name that is passed to
/// a member of a directory is one component; a symbolic link is not followed, unless the member's comment says so.
public final class OpenFile: Sendable {
  /// The file descriptor, valid as long as this object exists.
  public let rawValue: Int32

  /// Takes ownership of an open descriptor.
  public init(owning rawValue: Int32) {
    self.rawValue = rawValue
  }

  /// Duplicates a descriptor, which remains the caller's: `fcntl(2)` with `F_DUPFD_CLOEXEC`. Both share one position.
  public convenience init(duplicating rawValue: Int32) throws(Errno) {
    self.init(owning: try CachedDescriptors.retrying { fcntl(rawValue, F_DUPFD_CLOEXEC, 0) })
  }

  deinit {
    close(rawValue)
  }

  /// The flags of `open(2)`.
  public struct Flags: OptionSet, Sendable {
    /// The bits, as in `open(2)`.
    public let rawValue: Int32

    /// Creates flags from bits of `open(2)`.
    public init(rawValue: Int32) {
      self.rawValue = rawValue
    }

    /// `O_RDONLY`.
    public static let readOnly = Flags([])
    /// `O_WRONLY`.
    public static let writeOnly = Flags(rawValue: O_WRONLY)
    /// `O_RDWR`.
    public static let readWrite = Flags(rawValue: O_RDWR)
    /// `O_CREAT | O_EXCL`: a new file.
    public static let createNew = Flags(rawValue: O_CREAT | O_EXCL)
    /// `O_DIRECTORY`.
    public static let directory = Flags(rawValue: O_DIRECTORY)
    /// `O_TMPFILE`: an unnamed file on the file system of a directory.
    public static let unnamed = Flags(rawValue: Int32(casfs_O_TMPFILE))
    /// `O_NONBLOCK`: opening a FIFO in the place of a file does not block.
    public static let nonBlocking = Flags(rawValue: O_NONBLOCK)
    /// `O_PATH`: the file itself is not opened.
    package static let pathOnly = Flags(rawValue: Int32(casfs_O_PATH))
    /// `O_NOFOLLOW`.
    public static let noFollow = Flags(rawValue: O_NOFOLLOW)
  }

  /// Opens a path from the user, and follows symbolic links: `open(2)`.
  public static func open(
    path: String, _ flags: Flags, mode: UInt32 = 0
  ) throws(Errno) -> OpenFile {
    OpenFile(
      owning: try CachedDescriptors.retrying { unsafe openat(AT_FDCWD, path, flags.rawValue | O_CLOEXEC, mode) })
  }

  /// Creates an empty file in memory: `memfd_create(2)`.
  ///
  /// - Parameter name: a name that `/proc` shows.
  package static func inMemory(named name: String) throws(Errno) -> OpenFile {
    OpenFile(owning: try CachedDescriptors.retrying { unsafe casfs_memory_file(name) })
  }

  /// Opens a relative path that cannot leave this directory by a symbolic link, `..` or a magic link: `openat2(2)` with
  /// `RESOLVE_BENEATH` and `RESOLVE_NO_SYMLINKS`.
  ///
  /// - Throws: ELOOP for a symbolic link in the path. Before Linux 5.6, which has no `openat2`, a single component is opened
  ///   with `O_NOFOLLOW`, and a longer path is ENOSYS.
  package func openBeneath(_ path: String, _ flags: Flags, mode: UInt32 = 0) throws(Errno) -> OpenFile {
    let bits = flags.rawValue | O_CLOEXEC
    let resolve = UInt64(casfs_RESOLVE_BENEATH | casfs_RESOLVE_NO_SYMLINKS)
    do throws(Errno) {
      return OpenFile(
        owning: try CachedDescriptors.retrying(also: .resourceTemporarilyUnavailable) {
          unsafe casfs_openat2(rawValue, path, bits, mode, resolve)
        })
    } catch {
      guard error == .noFunction, !path.utf8.contains(UInt8(ascii: "/")), path != ".." else { throw error }
      return OpenFile(
        owning: try CachedDescriptors.retrying { unsafe openat(rawValue, path, bits | O_NOFOLLOW, mode) })
    }
  }

  /// Opens a relative path, and follows symbolic links in it, also out of this directory: `openat(2)`.
  ///
  /// - Throws: ELOOP for links that lead in a circle.
  package func openFollowingLinks(_ path: String, _ flags: Flags) throws(Errno) -> OpenFile {
    let bits = flags.rawValue | O_CLOEXEC | O_NOCTTY
    return OpenFile(owning: try CachedDescriptors.retrying { unsafe openat(rawValue, path, bits) })
  }

  /// Returns the metadata of the file that a name in this directory leads to, through symbolic links. The file itself is
  /// not opened: `openat(2)` with `O_PATH`.
  package func statusFollowingLinks(of name: String) throws(Errno) -> FileStatus {
    try openFollowingLinks(name, .pathOnly).status()
  }

  /// Returns the current absolute path of the file, without symbolic links: `readlink(2)` of `/proc/self/fd`.
  package func path() throws(Errno) -> String {
    var characters = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = try retrying {
      unsafe readlink("/proc/self/fd/\(rawValue)", &characters, characters.count)
    }
    let bytes = characters[..<count].map { UInt8(bitPattern: $0) }
    guard let path = String(validating: bytes, as: UTF8.self) else { throw .illegalByteSequence }
    return path
  }

  /// Returns a second descriptor of the same open file description: `fcntl(2)` with `F_DUPFD_CLOEXEC`.
  package func duplicate() throws(Errno) -> OpenFile {
    try OpenFile(duplicating: rawValue)
  }
}

/// Repeats a system call while its error is EINTR, or up to 100 times `other`, and throws any other error.
func retrying<Result: SignedInteger>(also other: Errno? = nil, _ call: () -> Result) throws(Errno) -> Result {
  var attempts = 0
  while true {
    let result = call()
    if result != -1 { return result }
    let error = Errno(rawValue: errno)
    attempts += 1
    // The state behind `other` may last, so it is not retried forever.
    if error != .interrupted && (error != other || attempts > 100) { throw error }
  }
}
