import TestSupport
import Testing

/// `casfs mount`, `unmount` and `status`, and what mount(8) makes of them.
@Suite(.needs(.fuse)) struct MountCommandTests {
  @Test("M1: the mount is usable when the command returns, and its daemon outlives the caller")
  func usable() throws {
    try ScriptedMount().run("MountCommand/usable.sh")
  }

  @Test("M1: the daemon inherits neither descriptors nor ignored signals from its caller")
  func inherits() throws {
    try ScriptedMount().run("MountCommand/inherits.sh")
  }

  @Test("M1: paths may be relative, and contain spaces, commas and backslashes")
  func paths() throws {
    try ScriptedMount().run("MountCommand/paths.sh")
  }

  @Test(
    "M1: no file in /tmp is needed, where overlayfs or a mount that is read-only has none",
    .needs(.root, .tools("unshare")))
  func noTemporaryFiles() throws {
    try ScriptedMount().run("MountCommand/no-temporary-files.sh")
  }

  @Test("M1: a failing mount gives its reason in one line, and leaves nothing")
  func refusals() throws {
    try ScriptedMount().run("MountCommand/refusals.sh")
  }

  @Test("M1: a mount in the foreground serves until a signal arrives", arguments: ["INT", "TERM", "HUP"])
  func foreground(signal: String) throws {
    try ScriptedMount().run("MountCommand/foreground.sh", ["signal": signal])
  }

  @Test("M1: the daemon leaves the process group of its caller after it has mounted", .needs(.root, .tools("strace")))
  func processGroup() throws {
    try ScriptedMount().run("MountCommand/process-group.sh")
  }

  @Test(
    "M1: a daemon that mount(8) started logs as casfs, facility daemon", .needs(.root, .tools("unshare", "python3")))
  func systemLog() throws {
    try ScriptedMount().run("MountCommand/system-log.sh")
  }

  @Test("M2: the next mount cleans up a stale one, which can also be unmounted")
  func stale() throws {
    try ScriptedMount.mounted("nokeeper").run("MountCommand/stale.sh")
  }

  @Test("M2 M3: auto_unmount removes the mount of a killed daemon")
  func autoUnmount() throws {
    // fusermount3 needs access, to see that the daemon does not answer.
    try ScriptedMount.mounted("auto_unmount", "allow_root").run("MountCommand/auto-unmount.sh")
  }

  @Test("M3: the options of mount(8), fstab and FUSE are accepted, alone and together; nosuid and nodev hold")
  func words() throws {
    try ScriptedMount().run("MountCommand/words.sh")
  }

  @Test("M4: casfs without a verb mounts, as mount.fuse3 calls it")
  func noVerb() throws {
    try ScriptedMount().run("MountCommand/no-verb.sh")
  }

  @Test("M4: a link named mount.casfs takes the arguments of mount(8), and has its exit statuses")
  func helper() throws {
    try ScriptedMount().run("MountCommand/helper.sh")
  }

  @Test("M4: mount -t fuse.casfs and an fstab line work", .needs(.root, .tools("mount.fuse3", "unshare")))
  func mountProgram() throws {
    try ScriptedMount().run("MountCommand/mount-program.sh")
  }

  @Test("M5: an ordinary user mounts through fusermount3", .needs(.root, .tools("setpriv", "unshare")))
  func ordinaryUser() throws {
    try ScriptedMount().run("MountCommand/ordinary-user.sh")
  }

  @Test("M5: allow_other lets other users read and keeps them from writing", .needs(.root, .tools("setpriv")))
  func otherUsers() throws {
    try ScriptedMount.mounted("allow_other").run("MountCommand/other-users.sh")
  }

  @Test(
    "M7: unmount says that another mount namespace has the mount, and a signal ends it",
    .needs(.root, .tools("unshare")))
  func unmountCopy() throws {
    try ScriptedMount().run("MountCommand/unmount-copy.sh")
  }

  @Test("M7: unmount ends with the daemon when the last copy of the mount is gone", .needs(.root, .tools("unshare")))
  func unmountWaits() throws {
    try ScriptedMount().run("MountCommand/unmount-waits.sh")
  }

  @Test("M6: status shows store, driver, version, mode and counters, as text and as JSON")
  func status() throws {
    // Reads through kernel passthrough are not counted.
    try ScriptedMount.mounted("read=splice").run("MountCommand/status.sh")
  }

  @Test("M6: status and unmount wait for a daemon that does not answer for a bounded time")
  func stopped() throws {
    try ScriptedMount.mounted("nokeeper").run("MountCommand/stopped.sh", seconds: 120)
  }
}
