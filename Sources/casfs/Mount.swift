import ArgumentParser
import CAS
import CASPlatform
import CASRegistry
import FUSE
import Logging
import OCI
import StoreTree
import SystemPackage

/// `casfs mount`: shows a store as a file system.
struct Mount: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Mount a store on a directory.",
    discussion: "Returns when the mount can be used; a daemon serves it until it is unmounted.")

  @OptionGroup var target: StoreArgument

  @Argument(help: "The directory to mount on; it must be empty.", completion: .directory)
  var directory: String

  @Flag(name: .short, help: "Stay in the foreground and log to the terminal.")
  var foreground = false

  @Flag(name: .short, help: "Print every request; implies -f.")
  var debug = false

  @Option(
    name: .customShort("o"), parsing: .singleValue,
    help: ArgumentHelp("Mount options, see casfs(1).", valueName: "options"))
  var options: [String] = []

  @Flag(help: "Make the store first, if it is not there.")
  var create = false

  func run() throws {
    let parsed: MountOptions
    do {
      parsed = try MountOptions(options)
    } catch {
      throw ValidationError(error.description)
    }
    // A daemon is nobody's background job: those ignore SIGINT.
    if !foreground, !debug { Daemon.resetSignals() }
    // mount.fuse3 may hand over an open mount as /dev/fd/N.
    if !foreground, !debug, !directory.utf8.starts(with: "/dev/fd/".utf8) { try Daemon.closeInheritedDescriptors() }
    LoggingSystem.bootstrap { _ in MountLog() }
    let mountPoint = try MountPoint(directory, allowsNonempty: parsed.allowsNonempty)
    if foreground || debug {
      try serve(parsed, mountPoint) {}
    } else {
      try serveInBackground(parsed, mountPoint)
    }
  }

  private func openStore(_ options: MountOptions) throws(CASError) -> any Engine {
    let open = OpenOptions(verification: options.verification, isReadOnly: options.isReadOnly)
    do throws(CASError) {
      let registry = RegistryDriver(cacheSize: options.cacheSize, requiresRepository: true)
      return try StoreArgument.drivers(registry: registry).open(target.store, options: open)
    } catch {
      guard create, error.code == .notFound else { throw error }
      let registry = RegistryDriver(cacheSize: options.cacheSize)
      return try StoreArgument.drivers(registry: registry).create(target.store, options: CreateOptions(open: open))
    }
  }

  /// Leaves a daemon behind, and returns when its mount can be used.
  private func serveInBackground(_ options: MountOptions, _ mountPoint: MountPoint) throws {
    let (side, readiness) = try fork()
    switch side {
    case .child:
      try serve(options, mountPoint) {
        MountLog.useSystemLog()
        do throws(Errno) {
          try Daemon.detachFromTerminal()
        } catch {
          Logger(label: "casfs").warning("leave the terminal: \(error)")
        }
        _ = try? readiness.write([1].span)
      }
    case .parent(let child):
      // The child alone has the writing end, so its death is the end of the file.
      var byte: [UInt8] = [0]
      var span = byte.mutableSpan
      let isReady = try readiness.read(into: &span) == 1
      // Otherwise the child has said why.
      if !isReady, try ChildProcess.waitForStatus(of: child) != 0 { throw ExitCode.failure }
    }
  }

  /// Splits the process, and leaves each side its end of a pipe.
  private func fork() throws(Errno) -> (Daemon.Side, OpenFile) {
    let pipe = try Pipe()
    let side = try Daemon.fork()
    if case .child = side { return (side, pipe.writer) }
    return (side, pipe.reader)
  }

  /// What `mount` shows as the source: the store as it was given, but a relative path is made whole.
  private func source(_ engine: any Engine) -> String {
    let scheme = "dir:"
    guard engine.uri.hasPrefix(scheme), !target.store.hasPrefix("/"), !target.store.hasPrefix(scheme) else {
      return target.store
    }
    return String(engine.uri.dropFirst(scheme.count))
  }

  /// Keeps what is needed of root's rights: of the store's files, whoever owns them, to ask for writers, to look what
  /// callers have open, and to let the kernel read files by itself and to unmount.
  private static func dropPrivileges() throws(Errno) {
    try Privileges.keep([
      .overridePermissions, .changeOwner, .actAsOwner, .lease, .inspectProcesses, .administer,
    ])
    // An ordinary user unmounts by fusermount3, which must become root.
    if CurrentProcess.effectiveUserID == 0 { try Privileges.setNoNewPrivileges() }
  }

  /// Opens the store and serves it. Stores may start threads, so this is after the fork.
  private func serve(_ options: MountOptions, _ mountPoint: MountPoint, whenReady: () -> Void) throws {
    let fileLimit = CurrentProcess.raiseFileLimit()
    try Self.dropPrivileges()
    let engine = try openStore(options)
    let logger = Logger(label: "casfs")
    let isReadOnly = options.isReadOnly || !engine.isWritable
    var tree = TreeOptions(
      user: options.user ?? CurrentProcess.effectiveUserID, group: options.group ?? CurrentProcess.effectiveGroupID)
    tree.isReadOnly = isReadOnly
    tree.recentBlobLimit = min(tree.recentBlobLimit, fileLimit / 8)
    tree.umask = options.umask
    tree.cachesBlobs = options.verification != .always
    let description = MountDescription(
      version: Version.current, store: engine.uri, driver: engine.driverName, process: CurrentProcess.id,
      isReadOnly: isReadOnly, verification: options.verification)
    let words = options.words(source: source(engine), isReadOnly: isReadOnly) + (debug ? ["debug"] : [])
    // From here on a signal ends the mount in good order.
    let signals = try BlockedSignals()
    let session: Session
    do throws(MountError) {
      session = try Session(
        Tree(engine, options: tree, logger: logger), description, at: mountPoint.path, options: words,
        reading: options.readMode, idling: options.idleMode, logger: logger)
    } catch {
      throw CASError(.io(.ioError), operation: "mount on", subject: mountPoint.path, cause: error.description)
    }
    // Linux before 5.11 cannot.
    try? CurrentProcess.setCloseOnExec()
    let ended = try Pipe()
    try session.start { ended.wake() }
    whenReady()
    while try !signals.waitUntilReadable(ended.reader) {
      try signals.consume()
      session.stop()
    }
  }
}
