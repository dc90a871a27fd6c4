import CASPlatform
import CFUSE
import CKeeper
import CLinux
import Glibc
public import Logging
public import StoreTree
import Synchronization
package import SystemPackage

/// A tree mounted through libfuse's low-level interface.
@safe
public final class Session: @unchecked Sendable {
  /// The source of requests.
  private enum Source {
    case mount(String)
    /// A mount of an earlier process.
    case kept(String, device: Int32)
    case device(Int32)
  }

  let sessionState: SessionState
  let session: OpaquePointer
  /// The descriptor of `/dev/fuse` with which the mount was made, if this process reads requests through another one.
  private let connection: OpenFile?
  private let source: Source
  let logger: Logger
  /// Readable after ``stop()``; wakes the leader.
  let stopSignal: Pipe
  let isStopping = Atomic(false)
  /// Closed while the program is replaced.
  let gate: RequestGate
  let invalidator = EntryInvalidator()
  /// The number of the thread that waits for the end of the mount, once it runs.
  private let endThread = Monitor<Int32?>(nil)

  /// Mounts a tree: `fuse_session_new(3)`, `fuse_session_mount(3)`.
  ///
  /// Starts no thread, so that the caller can fork before ``start(whenEnded:)``.
  ///
  /// - Parameter description: the constant part of the mount's status.
  /// - Parameter mountPoint: an absolute path.
  /// - Parameter options: words for libfuse's `-o`, such as `fsname=x`.
  /// - Parameter readMode: how blobs are read; `nil` selects the fastest mode that is possible.
  /// - Parameter idlePolicy: how idle CPUs wait; `nil` means ``CPUIdlePolicy/poll`` on a machine with few CPUs, if possible.
  /// - Throws: the message of libfuse or fusermount3.
  public convenience init(
    _ tree: Tree, _ description: MountDescription, at mountPoint: String, options: [String],
    reading readMode: ReadMode? = nil, idling idlePolicy: CPUIdlePolicy? = nil, logger: Logger
  ) throws(MountError) {
    try self.init(
      tree, keptBy: nil, description, at: mountPoint, options: options, reading: readMode, idling: idlePolicy,
      logger: logger)
  }

  /// Mounts a tree for a ``Keeper``, or serves the mount of an earlier process of it. The other parameters are those of a
  /// mount without a keeper.
  ///
  /// - Parameter tree: a tree with the journal of the state.
  /// - Parameter state: `nil` for a mount without a keeper.
  package convenience init(
    _ tree: Tree, keptBy state: KeptState?, _ description: MountDescription, at mountPoint: String, options: [String],
    reading readMode: ReadMode?, idling idlePolicy: CPUIdlePolicy?, logger: Logger
  ) throws(MountError) {
    let earlier = state?.mount.isMounted == true ? state?.mount : nil
    let source = earlier.map { Source.kept(mountPoint, device: $0.device) } ?? .mount(mountPoint)
    try self.init(
      tree, description, source, options: options, reading: readMode, idling: idlePolicy, kept: state, logger: logger)
    guard let state, earlier == nil else { return }
    do throws(Errno) {
      try state.mount.setSession(
        initRequest: sessionState.negotiation.initRequest ?? [], store: description.store, image: tree.rootImage,
        unanswered: unanswered)
    } catch {
      detach()
      throw MountError("the state of the mount cannot be written: \(error)")
    }
  }

  /// The end of requests that this process has read when it dies.
  private var unanswered: casfs_unanswered {
    if sessionState.negotiation.granted.contains(.resending) { return casfs_unanswered_resent }
    return connection == nil ? casfs_unanswered_wait : casfs_unanswered_ended
  }

  /// The descriptor of `/dev/fuse` that other processes can have too.
  var sharedDevice: Int32 { unsafe connection?.rawValue ?? fuse_session_fd(session) }

  /// Reports to the keeper that requests are answered.
  ///
  /// - Parameter isService: whether a process without a keeper tells the service manager, if there is one: `sd_notify(3)`.
  package func reportReady(asService isService: Bool) throws(Errno) {
    guard let kept = sessionState.kept else {
      if isService { casfs_keeper_notify_service() }
      return
    }
    let isFirst = if case .mount = source { true } else { false }
    // Nothing but the end of the mount or the process ends this thread, which uses no file before.
    let thread = endThread.wait(until: { $0 != nil }, then: { $0 })
    try kept.mount.reportReady(device: isFirst ? sharedDevice : nil, thread: thread ?? 0)
  }

  /// Serves a tree to a simulated kernel, without a mount.
  ///
  /// - Parameter device: a `SOCK_SEQPACKET` socket with FUSE_INIT in it. The session takes it over.
  package convenience init(_ tree: Tree, over device: Int32, logger: Logger) throws(MountError) {
    try self.init(tree, nil, .device(device), options: [], reading: .copy, idling: .sleep, logger: logger)
  }

  private init(
    _ tree: Tree, _ description: MountDescription?, _ source: Source, options: [String],
    reading readMode: ReadMode?, idling idlePolicy: CPUIdlePolicy?, kept: KeptState? = nil,
    logger: Logger
  ) throws(MountError) {
    self.source = source
    self.logger = logger
    sessionState = SessionState(
      tree, description, maximumRead: Self.maximumRead(options), readMode, try Self.cpuLatency(idlePolicy), kept)
    do throws(Errno) {
      stopSignal = try Pipe()
      gate = try RequestGate()
    } catch {
      throw MountError(error.description)
    }
    var operations = Operations.table()
    var arguments = unsafe fuse_args()
    defer { unsafe fuse_opt_free_args(&arguments) }
    for argument in ["casfs"] + options.flatMap({ ["-o", $0] }) {
      guard unsafe fuse_opt_add_arg(&arguments, argument) == 0 else { throw MountError("out of memory") }
    }
    guard
      let session = unsafe fuse_session_new(
        &arguments, &operations, MemoryLayout<fuse_lowlevel_ops>.size,
        Unmanaged.passUnretained(sessionState).toOpaque())
    else { throw MountError("libfuse refused the mount options") }
    let shared: Int32
    switch source {
    case .mount(let mountPoint):
      if let message = unsafe Self.mount(session, mountPoint) {
        unsafe fuse_session_destroy(session)
        throw MountError(message)
      }
      shared = unsafe fuse_session_fd(session)
    case .device(let number): shared = number
    case .kept(_, let number): shared = number
    }
    let own = sessionState.endsUnanswered ? try Self.ownDevice(of: shared, source, logger) : nil
    let device = own ?? shared
    if let message = unsafe Self.connect(session, device, sessionState, readMode) {
      Self.undo(source)
      unsafe fuse_session_destroy(session)
      throw MountError(message)
    }
    unsafe self.session = session
    connection = own.map { _ in OpenFile(owning: shared) }
    nonisolated(unsafe) let notified = unsafe session
    sessionState.invalidateAttributes { (node) in
      // A negative offset drops the attributes alone.
      _ = unsafe fuse_lowlevel_notify_inval_inode(notified, node.rawValue, -1, 0)
    }
    // Files that the kernel has opened by an earlier process may be being read.
    if case .kept = source {} else { tree.preload(with: PageCache(device: device).store(in:_:)) }
    // The leader reads before it waits.
    _ = fcntl(device, F_SETFL, fcntl(device, F_GETFL) | O_NONBLOCK)
  }

  /// Opens the connection of a descriptor of `/dev/fuse` for this process alone: FUSE_DEV_IOC_CLONE. Requests that are
  /// read through the new descriptor end with the process.
  ///
  /// - Returns: the descriptor; `nil` for a mount that no other process will serve.
  private static func ownDevice(of shared: Int32, _ source: Source, _ logger: Logger) throws(MountError) -> Int32? {
    let result = casfs_fuse_clone(shared)
    if result >= 0 { return result }
    let error = Errno(rawValue: -result)
    if case .kept = source { throw MountError("open /dev/fuse: \(error)") }
    logger.warning("the mount ends with its server: open /dev/fuse: \(error)")
    return nil
  }

  /// Detaches a mount that cannot be served. One of an earlier process stays, because the keeper tries another process.
  private static func undo(_ source: Source) {
    if case .mount(let mountPoint) = source { detach(mountPoint) }
  }

  private static func detach(_ source: Source) {
    switch source {
    case .mount(let mountPoint), .kept(let mountPoint, _): detach(mountPoint)
    case .device: break
    }
  }

  private static func cpuLatency(_ policy: CPUIdlePolicy?) throws(MountError) -> CPULatencyRequest? {
    do throws(Errno) {
      return try CPULatencyRequest(policy)
    } catch {
      throw MountError("processors cannot be kept awake here (idle=poll): \(error)")
    }
  }

  /// Mounts.
  ///
  /// - Returns: the message of libfuse or fusermount3 if that fails.
  private static func mount(_ session: OpaquePointer, _ mountPoint: String) -> String? {
    do throws(Errno) {
      let (result, message) = try StandardStream.capturingError { unsafe fuse_session_mount(session, mountPoint) }
      if result == 0 { return nil }
      return MountFailure(message: message, isConfined: AppArmor.isEnabled).description
    } catch {
      return error.description
    }
  }

  /// Negotiates the protocol with the kernel.
  ///
  /// - Returns: a message if that fails.
  private static func connect(
    _ session: OpaquePointer, _ device: Int32, _ sessionState: SessionState, _ readMode: ReadMode?
  ) -> String? {
    guard unsafe CustomIO.attach(to: session, device), unsafe answerInit(session) else {
      return "libfuse and the kernel do not agree on a protocol"
    }
    sessionState.didConnect(device: device)
    if readMode == .passthrough, sessionState.readMode != .passthrough {
      return "the kernel does not read files by itself here (passthrough)"
    }
    return nil
  }

  /// Answers the first request, FUSE_INIT, after which the mount can be used.
  private static func answerInit(_ session: OpaquePointer) -> Bool {
    var buffer = unsafe fuse_buf()
    defer { unsafe free(buffer.mem) }
    while true {
      let result = unsafe fuse_session_receive_buf(session, &buffer)
      if result == -EINTR { continue }
      guard result > 0 else { return false }
      unsafe fuse_session_process_buf(session, &buffer)
      return unsafe fuse_session_exited(session) == 0
    }
  }

  /// The value of `max_read=`, which libfuse needs again in the reply to FUSE_INIT; 0 means no limit.
  private static func maximumRead(_ options: [String]) -> UInt32 {
    let key = "max_read="
    let option = options.last { $0.utf8.starts(with: key.utf8) }
    return option.flatMap { UInt32($0.dropFirst(key.count)) } ?? 0
  }

  deinit {
    unsafe fuse_session_destroy(session)
  }

  /// Starts the threads that answer requests, until an unmount or ``stop()``. The tree is finished then.
  ///
  /// - Parameter whenEnded: called on another thread after that.
  /// - Throws: the error if a thread cannot be started; a mount of this process is then detached.
  public func start(whenEnded: @escaping @Sendable () -> Void) throws(MountError) {
    do throws(Errno) {
      try sessionState.workers.start(
        trimming: { [sessionState] in sessionState.tree.trimCaches() }, { [self] (worker) in work(worker) })
      try invalidator.start(on: sharedDevice, as: unsafe fuse_session_fd(session)) { [self] (directory, name) in
        // Harmless for a name that the kernel has not cached: ENOENT.
        _ = unsafe fuse_lowlevel_notify_inval_entry(session, directory.rawValue, name, name.utf8.count)
      }
      // Starting to watch takes long for a directory with a million names in the kernel's cache.
      try Thread.start("casfs-notify") { [self] in
        sessionState.tree.watch { [self] (directory, name) in invalidator.invalidate(name, in: directory) }
      }
      try Thread.start("casfs-end") { [self] in
        endThread.withLock { $0 = Thread.current }
        sessionState.workers.waitUntilEnded()
        invalidator.end()
        sessionState.tree.finish(publishing: !isStopping.load(ordering: .acquiring))
        whenEnded()
      }
    } catch {
      Self.undo(source)
      throw MountError(error.description)
    }
  }

  /// Detaches the mount; open files stay usable.
  func detach() {
    Self.detach(source)
  }

  /// Detaches the mount and ends the session: queued requests are answered, uncommitted files are discarded.
  public func stop() {
    guard !isStopping.exchange(true, ordering: .acquiringAndReleasing) else { return }
    detach()
    stopSignal.wake()
  }
}
