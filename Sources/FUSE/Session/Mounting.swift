import CASPlatform
import Glibc
public import SystemPackage

/// Taking mounts away.
public enum Mounting {
  /// Takes a mount out of sight at once and lets it end when nothing uses it any more: `umount2(2)` with
  /// `MNT_DETACH`, or fusermount3 for an ordinary user.
  @discardableResult
  public static func detach(_ path: String) -> Bool {
    if geteuid() == 0 { return unsafe umount2(path, Int32(MNT_DETACH) | Int32(UMOUNT_NOFOLLOW)) == 0 }
    return (try? Command.run("fusermount3", ["-u", "-z", "-q", "--", path])) == 0
  }

  /// Unmounts, if nothing uses the mount: `umount2(2)`, or fusermount3 for an ordinary user.
  ///
  /// - Throws: EBUSY when something does; EPERM when the user did not mount it; to root EINVAL when nothing is mounted.
  public static func unmount(_ path: String) throws(Errno) {
    if geteuid() == 0 {
      guard unsafe umount2(path, Int32(UMOUNT_NOFOLLOW)) == 0 else { throw Errno(rawValue: errno) }
      return
    }
    let (status, said) = try StandardStream.capturingError {
      Result { () throws(Errno) in try Command.run("fusermount3", ["-u", "--", path]) }
    }
    if try status.get() != 0 {
      // It knows an ordinary user's own mounts only.
      throw said.contains(Errno.resourceBusy.description) ? .resourceBusy : .notPermitted
    }
  }
}
