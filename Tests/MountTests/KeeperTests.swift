// Takes seconds by default. For a longer run, or to repeat one:
//
//     SEED=1 MINUTES=10 swift test --filter KeeperTests
import TestSupport
import Testing

/// Mounts whose servers die.
@Suite(.needs(.fuse)) struct KeeperTests {
  @Test(
    "S1: readers see a killed server as a pause: open files, mappings, directories, listings and requests under way",
    .enabled(if: Machine.resends), arguments: ["read=auto", "read=splice", "read=copy"])
  func readers(mode: String) throws {
    try ScriptedMount.mounted("keeper", mode).run("Keeper/readers.sh")
  }

  @Test(
    "S1: files that the kernel reads by itself are counted on, and closed with their last user",
    .enabled(if: Machine.resends), .needs(.root))
  func backings() throws {
    try ScriptedMount.mounted("keeper", "restarts=0", "read=passthrough").run("Keeper/backings.sh")
  }

  @Test(
    "S1 S2: kills at random moments cost readers nothing and writers no acknowledged blob",
    .enabled(if: Machine.resends))
  func soak() throws {
    try soak(on: .mounted("keeper", "restarts=0"))
  }

  private func soak(on mount: ScriptedMount, _ parameters: [String: String] = [:]) throws {
    let options = StressOptions(minutes: 0.1)
    let seconds = Int(options.minutes * 60)
    let outcome = try mount.run(
      "Keeper/soak.sh",
      ["seed": "\(options.seed % 32768)", "seconds": "\(seconds)"].merging(parameters) { $1 }, seconds: seconds + 90)
    print(outcome.lines.last ?? "")
  }

  @Test("S1: a listing of an archive's blobs goes on where it was", arguments: ["kill", "reload"])
  func archive(event: String) throws {
    try ScriptedMount().run("Keeper/archive.sh", ["event": event])
  }

  @Test(
    "S7: without requests that are sent again, a call that a dead server had read ends with an error, and no other does",
    .needs(.tools("strace")), arguments: ["read=auto", "read=copy"])
  func ended(mode: String) throws {
    try ScriptedMount.mounted("keeper", "noresend", mode).run("Keeper/ended.sh")
  }

  @Test(
    "S7: a mount whose server cannot read through a descriptor of its own ends with it, and the log says so",
    .needs(.root, .tools("strace")))
  func notCloned() throws {
    try ScriptedMount().run("Keeper/not-cloned.sh")
  }

  @Test("S7: kills at random moments cost each caller one error at most, and no acknowledged blob")
  func lossySoak() throws {
    try soak(on: .mounted("keeper", "noresend", "restarts=0"), ["lossy": "1"])
  }

  @Test(
    "S2: data that only the dead server had is EIO for its writers and is not published; stored names stay",
    .needs(.tools("setfattr")))
  func writers() throws {
    try ScriptedMount.mounted("keeper").run("Keeper/writers.sh")
  }

  @Test(
    "S4: a server that dies again and again is given up, and the next mount replaces the dead one")
  func givenUp() throws {
    try ScriptedMount.mounted("keeper", "restarts=3").run("Keeper/given-up.sh")
  }

  @Test(
    "S1 S7: a server goes on while threads of the one before wait, which keep no lock of the store and no caller",
    .needs(.root, .tools("strace")), arguments: ["rw", "noresend"], ["KILL", "SEGV"])
  func waitingThread(option: String, signal: String) throws {
    try ScriptedMount.mounted("keeper", "restarts=0", option).run("Keeper/waiting-thread.sh", ["signal": signal])
  }

  @Test(
    "S1 F10: a mount of one image goes on with that image after a crash and a reload, whatever its name stands for",
    .enabled(if: Machine.resends))
  func image() throws {
    try ScriptedMount().run("Keeper/image.sh")
  }

  @Test(
    "S3: a keeper of a version that kept no failed reloads, or neither these nor images, is served by this one",
    .needs(.tools("python3")), arguments: [1040, 1040 + 16384])
  func olderState(missingBytes: Int) throws {
    try ScriptedMount.mounted("keeper").run("Keeper/older-state.sh", ["missing": "\(missingBytes)"])
  }

  @Test("S4: the mount ends with its keeper")
  func killedKeeper() throws {
    try ScriptedMount.mounted("keeper").run("Keeper/killed-keeper.sh")
  }

  @Test(
    "S4: a mount without a server is unmounted",
    arguments: ["kill -TERM $keeper", "fusermount3 -u -z $mnt", "$casfs unmount $mnt"])
  func absent(command: String) throws {
    try ScriptedMount.mounted("keeper").run("Keeper/absent.sh", ["command": command])
  }

  @Test(
    "S4: a mount is unmounted while a server begins, and by a signal to that server",
    .needs(.tools("strace")),
    arguments: ["umount -l $mnt", "$casfs unmount $mnt", "kill -TERM $server"])
  func beginning(command: String) throws {
    try ScriptedMount.mounted("keeper").run("Keeper/beginning.sh", ["command": command])
  }

  @Test(
    "S4: the server after one that was not ready begins without a pause, and further ones with growing pauses",
    .needs(.tools("strace")))
  func pauses() throws {
    try ScriptedMount.mounted("keeper").run("Keeper/pauses.sh")
  }

  @Test(
    "S4: servers are tried for a minute, if the store is absent or threads cannot be started",
    .needs(.tools("strace")))
  func retried() throws {
    try ScriptedMount.mounted("keeper").run("Keeper/retried.sh")
  }

  @Test(
    "S4: the log says how a server has ended, and why another cannot begin",
    .needs(.root, .tools("unshare", "strace")))
  func log() throws {
    try ScriptedMount().run("Keeper/log.sh")
  }

  @Test("S4: ps names keeper and server, status counts, and the keeper is small")
  func named() throws {
    try ScriptedMount.mounted("keeper").run("Keeper/named.sh")
  }

  @Test(
    "S6: in the foreground a signal to the keeper or the server unmounts",
    arguments: ["keeper", "process"])
  func foreground(target: String) throws {
    try ScriptedMount().run("Keeper/foreground.sh", ["target": target])
  }

  @Test(
    "S6 S8: a mount has a keeper where that is possible, else the status says why not; kill ends the mount, kill -9 does not"
  )
  func byDefault() throws {
    try ScriptedMount().run("Keeper/default.sh", seconds: 120)
  }

  @Test(
    "S6: an ordinary user's mount has a keeper",
    .needs(.root, .tools("setpriv", "unshare")))
  func ordinaryUser() throws {
    try ScriptedMount().run("Keeper/ordinary-user.sh")
  }

  @Test(
    "S3: reloads give no error to open files of all kinds, nor to readers and writers under load",
    arguments: ["read=auto", "read=copy"])
  func reload(mode: String) throws {
    try ScriptedMount.mounted("keeper", mode).run("Keeper/reload.sh", ["rounds": "20"], seconds: 180)
  }

  @Test(
    "S3: a program that is missing, refuses, crashes or hangs is told, and the server goes on; the next one is taken")
  func refusedReload() throws {
    try ScriptedMount().run("Keeper/reload-refused.sh", seconds: 90)
  }

  @Test(
    "S3: a program that crashes before it serves is followed by the one before",
    .needs(.tools("cc")))
  func crashedReload() throws {
    try ScriptedMount().run("Keeper/reload-crash.sh", seconds: 90)
  }

  @Test(
    "S3: another user than the owner of the mount cannot reload it, and all mounts are reloaded at a time",
    .needs(.root, .tools("setpriv", "unshare")))
  func deniedReload() throws {
    try ScriptedMount.mounted("keeper", "allow_other").run("Keeper/reload-denied.sh")
  }

  @Test(
    "S5: the main process of a mount in the foreground tells the service manager when it is usable",
    arguments: ["rw", "rw,keeper"])
  func service(options: String) throws {
    try ScriptedMount().run("Keeper/service.sh", ["options": options])
  }

  @Test("S6: errors before the mount are those of a mount without a keeper")
  func failed() throws {
    try ScriptedMount().run("Keeper/failed.sh")
  }
}
