import CASPlatform
import Glibc
public import SystemPackage

extension Session {
  /// Detaches a mount, which ends once it is no longer in use: `umount2(2)` with `MNT_DETACH`, or fusermount3 for an
  /// ordinary user.
  ///
  /// - Returns: whether there was a mount that this user can detach.
  @discardableResult
  public static func detach(_ path: String) -> Bool {
    if geteuid() == 0 { return unsafe umount2(path, Int32(MNT_DETACH) | Int32(UMOUNT_NOFOLLOW)) == 0 }
    return (try? ChildProcess.run("fusermount3", ["-u", "-z", "-q", "--", path])) == 0
  }

  /// Unmounts a mount that is not in use: `umount2(2)`, or fusermount3 for an ordinary user.
  ///
  /// - Throws: EBUSY if it is in use; EPERM if another user mounted it; for root EINVAL if nothing is mounted.
  public static func unmount(_ path: String) throws(Errno) {
    if geteuid() == 0 {
      guard unsafe umount2(path, Int32(UMOUNT_NOFOLLOW)) == 0 else { throw Errno(rawValue: errno) }
      return
    }
    let (status, message) = try StandardStream.capturingError {
      Result { () throws(Errno) in try ChildProcess.run("fusermount3", ["-u", "--", path]) }
    }
    if try status.get() != 0 {
      // fusermount3 reports everything but EBUSY as a mount that is not the user's.
      throw message.contains(Errno.resourceBusy.description) ? .resourceBusy : .notPermitted
    }
  }
}
