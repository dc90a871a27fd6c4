import ArgumentParser
import CAS
import CASDirectory
import CASImage
import CASPlatform
import CASRegistry
import FUSE
import FoundationEssentials
import Logging
import OCI
import StoreTree
import Synchronization
import SystemPackage

/// `casfs mount`: mounts a store as a file system.
struct Mount: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Mount a store on a directory.",
    discussion: "Returns when the mount is usable. A daemon serves it until it is unmounted.")

  @OptionGroup var target: StoreArgument

  @Argument(help: "The directory to mount on; it must be empty.", completion: .directory)
  var directory: String

  @Flag(name: .short, help: "Stay in the foreground, and log to the terminal.")
  var foreground = false

  @Flag(name: .short, help: "Print every request; implies -f.")
  var debug = false

  @Option(
    name: .customShort("o"), parsing: .singleValue,
    help: ArgumentHelp("Mount options, see casfs(1).", valueName: "options"))
  var options: [String] = []

  @Flag(help: "Create the store first if it is absent.")
  var create = false

  func run() throws {
    let parsed: MountOptions
    do {
      parsed = try MountOptions(options)
    } catch {
      throw ValidationError(error.description)
    }
    if parsed.isFake { return }
    LoggingSystem.bootstrap { _ in MountLog() }
    if let kept = Self.kept.withLock({ $0 }) { return try serve(parsed, for: kept) }
    // A background job of a shell script ignores SIGINT; its daemon must not.
    if !foreground, !debug { Daemon.resetSignals() }
    // mount.fuse3 may pass an open mount as /dev/fd/N.
    if !foreground, !debug, !directory.utf8.starts(with: "/dev/fd/".utf8) { try Daemon.closeInheritedDescriptors() }
    let mountPoint = try MountPoint(directory, allowsNonempty: parsed.allowsNonempty)
    if try keeperObstacle(parsed) == nil { return try startKeeper(parsed, mountPoint) }
    if foreground || debug {
      try serve(parsed, mountPoint) {}
    } else {
      try serveInBackground(parsed, mountPoint)
    }
  }

  /// - Parameter kept: the mount of an earlier process, which had the store open. It must not be made anew if it is away.
  private func openStore(_ options: MountOptions, _ kept: KeptMount?) throws(CASError) -> any Engine {
    let open = OpenOptions(
      verification: options.verification, isReadOnly: options.isReadOnly, recordPath: StoreArgument.recordPath,
      sealsBlobs: options.sealsBlobs)
    if open.verification == .remember, open.recordPath == nil {
      Logger(label: "casfs").warning("verify=remember: nothing is remembered without HOME or XDG_CACHE_HOME")
    }
    do throws(CASError) {
      var registry = RegistryDriver(cacheSize: options.cacheSize, requiresRepository: true)
      registry.connectsOnUse = kept?.isMounted ?? false
      return try StoreArgument.drivers(
        directory: DirectoryDriver(followsLinks: options.followsLinks), registry: registry,
        layerCache: { Self.layerCache(options) }
      ).open(kept?.store ?? target.store, options: open)
    } catch {
      guard create, kept?.isMounted != true, error.code == .notFound else { throw error }
      let registry = RegistryDriver(cacheSize: options.cacheSize)
      return try StoreArgument.drivers(registry: registry).create(target.store, options: CreateOptions(open: open))
    }
  }

  /// Starts a daemon, and returns when its mount is usable.
  private func serveInBackground(_ options: MountOptions, _ mountPoint: MountPoint) throws {
    let (side, readiness) = try fork()
    switch side {
    case .child:
      try serve(options, mountPoint) {
        Self.detachFromTerminal()
        _ = try? readiness.write([1].span)
      }
    case .parent(let child): try wait(for: child, readiness)
    }
  }

  static func detachFromTerminal() {
    MountLog.useSystemLog()
    do throws(Errno) {
      try Daemon.detachFromTerminal()
    } catch {
      Logger(label: "casfs").warning("leave the terminal: \(error)")
    }
  }

  /// Waits until a child reports that the mount is usable, or has ended.
  func wait(for child: Int32, _ readiness: OpenFile) throws {
    // Only the child has the writing end, so the pipe ends if the child dies.
    var byte: [UInt8] = [0]
    var span = byte.mutableSpan
    let isReady = try readiness.read(into: &span) == 1
    // The child has printed the error.
    if !isReady, try ChildProcess.waitForStatus(of: child) != 0 { throw ExitCode.failure }
  }

  /// Forks the process, and returns to each side its end of a pipe.
  func fork() throws(Errno) -> (Daemon.Side, OpenFile) {
    let pipe = try Pipe()
    let side = try Daemon.fork()
    if case .child = side { return (side, pipe.writer) }
    return (side, pipe.reader)
  }

  /// Returns the source that `mount(8)` lists: the argument, with a relative path made absolute.
  private func source(_ engine: any Engine) -> String {
    let scheme = "dir:"
    guard engine.uri.hasPrefix(scheme), !target.store.hasPrefix("/"), !target.store.hasPrefix(scheme) else {
      return target.store
    }
    return String(engine.uri.dropFirst(scheme.count))
  }

  /// Drops all capabilities but those for the store's files of any owner, leases, `/proc` of callers, passthrough and
  /// unmounting.
  private static func dropPrivileges() throws(Errno) {
    try Privileges.keep([
      .overridePermissions, .changeOwner, .actAsOwner, .lease, .inspectProcesses, .administer,
    ])
    // An ordinary user unmounts with fusermount3, which is set-user-ID root.
    if CurrentProcess.effectiveUserID == 0 { try Privileges.setNoNewPrivileges() }
  }

  /// The manifest of the image that is mounted; `nil` for the store.
  ///
  /// - Parameter kept: the mount of an earlier process, which goes on with the image that the name stood for.
  private static func rootImage(
    _ options: MountOptions, in engine: any Engine, _ kept: KeptMount?
  ) throws(CASError) -> Descriptor? {
    guard let image = options.image else { return nil }
    if let kept, kept.isMounted {
      guard let known = kept.image else {
        throw CASError(
          .invalid, operation: "go on with the image of", subject: kept.store ?? "", cause: "the keeper has no manifest"
        )
      }
      return known
    }
    let descriptor: Descriptor
    switch image {
    case .digest(let digest): descriptor = try engine.descriptor(for: digest)
    case .reference(let name): descriptor = try engine.knownReference(named: name)
    }
    return try Image.manifest(of: descriptor, in: engine, platform: options.platform)
  }

  private static func error(_ error: MountError, _ mountPoint: MountPoint) -> CASError {
    CASError(.io(.ioError), operation: "mount on", subject: mountPoint.path, cause: error.description)
  }

  /// The indexes of layers on disk; `nil` if they are kept in memory alone.
  private static func layerCache(_ options: MountOptions) -> LayerCache? {
    guard options.layerCacheSize > 0 else { return nil }
    return StoreArgument.layerCache(sizeLimit: options.layerCacheSize)
  }

  /// Opens the store and serves it. It is called after the fork, because a store may start threads.
  func serve(
    _ options: MountOptions, _ mountPoint: MountPoint, _ kept: KeptMount? = nil, whenReady: () -> Void
  ) throws {
    // Other programs must not inherit the descriptors of a keeper or an earlier program. Not supported before Linux 5.11.
    if kept != nil { try? CurrentProcess.setCloseOnExec() }
    Daemon.setCrashSignals(dumpingCore: kept == nil)
    let handover = kept.flatMap { Self.handover(of: $0) }
    let fileLimit = CurrentProcess.raiseFileLimit()
    CurrentProcess.mapLargeBlocks(from: 3 << 19)
    try Self.dropPrivileges()
    let engine = try openStore(options, kept)
    if options.sealsBlobs { try Seal.checkStore(engine) }
    let logger = Logger(label: "casfs")
    let isReadOnly = options.isReadOnly || options.image != nil || !engine.isWritable
    var tree = TreeOptions(
      user: options.user ?? CurrentProcess.effectiveUserID, group: options.group ?? CurrentProcess.effectiveGroupID)
    tree.isReadOnly = isReadOnly
    tree.recentBlobLimit = min(tree.recentBlobLimit, fileLimit / 8)
    tree.umask = options.umask
    tree.allowsOthers = options.forwarded.contains("allow_other")
    tree.refusesConflicts = options.refusesConflicts
    if let grace = options.removalGrace { tree.removalGrace = grace }
    tree.rootImage = try Self.rootImage(options, in: engine, kept)
    tree.layerCache = Self.layerCache(options)
    tree.cachesBlobs = options.verification != .always
    var description = MountDescription(
      version: Version.current, store: engine.uri, driver: engine.driverName, process: CurrentProcess.id,
      isReadOnly: isReadOnly, verification: options.verification)
    if let kept {
      description.keeper = kept.process
      description.resendingObstacle = Self.resendingObstacle(options)
      description.restarts = Int(kept.starts) - 1
      description.reloads = Int(kept.reloads)
    } else {
      description.keeperObstacle = try keeperObstacle(options)
    }
    let libfuseOptions =
      options.libfuseOptions(source: source(engine), isReadOnly: isReadOnly) + (debug ? ["debug"] : [])
    let state: KeptState?
    do throws(MountError) {
      state = try kept.map { (kept) throws(MountError) in try KeptState(kept) }
    } catch {
      throw Self.error(error, mountPoint)
    }
    let root = Tree(engine, options: tree, logger: logger, journal: state?.journal, handover: handover)
    // Callers of a mount that is there wait for the first use of the image.
    if kept?.isMounted != true { try root.openRootImage() }
    // From here on a signal unmounts.
    let signals = try BlockedSignals(takingBlocked: kept?.isReplacement == true)
    let session: Session
    do throws(MountError) {
      session = try Session(
        root, keptBy: state, description, at: mountPoint.path, options: libfuseOptions, reading: options.readMode,
        idling: options.idlePolicy, logger: logger)
    } catch {
      throw Self.error(error, mountPoint)
    }
    // Not supported before Linux 5.11.
    try? CurrentProcess.setCloseOnExec()
    let (events, hasEnded) = (try Pipe(), MountEnd())
    if kept != nil { session.acceptReloads { events.wake() } }
    try session.start {
      hasEnded.set()
      events.wake()
    }
    whenReady()
    try session.reportReady(asService: foreground || debug)
    while !hasEnded.isSet {
      if try signals.waitUntilReadable(events.reader) {
        try events.takeWake()
        if let kept, session.isReloading { reload(session, kept, signals, hasEnded: hasEnded) }
      } else {
        try signals.consume()
        session.stop()
      }
    }
  }
}
