import CASPlatform
import CFUSE
import Glibc
public import Logging
public import StoreTree
import Synchronization
import SystemPackage

/// A tree mounted through libfuse's low-level interface.
@safe
public final class Session: @unchecked Sendable {
  /// Where requests come from.
  private enum Source {
    case mount(String)
    case device(Int32)
  }

  let sessionState: SessionState
  let session: OpaquePointer
  private let source: Source
  let logger: Logger
  /// Readable once the session is told to stop, so that the leader wakes.
  let stopSignal: Pipe
  let isStopping = Atomic(false)

  /// Makes a session and mounts it: `fuse_session_new(3)`, `fuse_session_mount(3)`.
  ///
  /// Must be called before threads are started, when the caller is still to fork.
  ///
  /// - Parameter options: the words for libfuse's `-o`, as in `fsname=x`.
  /// - Parameter mountPoint: an absolute path.
  /// - Parameter readMode: how blobs are read; `nil` is the best that is possible.
  /// - Parameter idleMode: what idle processors do; `nil` is ``CPUIdlePolicy/poll`` where that is possible and there are few.
  /// - Throws: why it could not be mounted, in the words of libfuse and fusermount3.
  public convenience init(
    _ tree: Tree, at mountPoint: String, options: [String], reading readMode: ReadMode? = nil,
    idling idleMode: CPUIdlePolicy? = nil, logger: Logger
  ) throws(MountError) {
    try self.init(tree, .mount(mountPoint), options: options, reading: readMode, idling: idleMode, logger: logger)
  }

  /// Makes a session that nothing is mounted with, for somebody who stands in for the kernel.
  ///
  /// - Parameter device: a socket that keeps messages apart, from which FUSE_INIT can be read; it is taken over.
  package convenience init(_ tree: Tree, over device: Int32, logger: Logger) throws(MountError) {
    try self.init(tree, .device(device), options: [], reading: .copy, idling: .sleep, logger: logger)
  }

  private init(
    _ tree: Tree, _ source: Source, options: [String], reading readMode: ReadMode?, idling idleMode: CPUIdlePolicy?,
    logger: Logger
  ) throws(MountError) {
    self.source = source
    self.logger = logger
    sessionState = SessionState(
      tree, maximumRead: Self.maximumRead(options), readMode, try Self.cpuLatency(idleMode))
    do throws(Errno) {
      stopSignal = try Pipe()
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
    let device: Int32
    switch source {
    case .mount(let mountPoint):
      if let refusal = unsafe Self.mount(session, mountPoint) {
        unsafe fuse_session_destroy(session)
        throw MountError(refusal)
      }
      device = unsafe fuse_session_fd(session)
    case .device(let number): device = number
    }
    if let refusal = unsafe Self.connect(session, device, sessionState, readMode) {
      Self.detach(source)
      unsafe fuse_session_destroy(session)
      throw MountError(refusal)
    }
    unsafe self.session = session
    // The leader asks for a request before it waits for one.
    _ = fcntl(device, F_SETFL, fcntl(device, F_GETFL) | O_NONBLOCK)
  }

  private static func detach(_ source: Source) {
    if case .mount(let mountPoint) = source { Mounting.detach(mountPoint) }
  }

  private static func cpuLatency(_ mode: CPUIdlePolicy?) throws(MountError) -> CPULatencyRequest? {
    do throws(Errno) {
      return try CPULatencyRequest(mode)
    } catch {
      throw MountError("processors cannot be kept awake here (idle=poll): \(error)")
    }
  }

  /// Mounts; gives what libfuse and fusermount3 say when that fails.
  private static func mount(_ session: OpaquePointer, _ mountPoint: String) -> String? {
    do throws(Errno) {
      let (result, said) = try StandardStream.capturingError { unsafe fuse_session_mount(session, mountPoint) }
      if result == 0 { return nil }
      let lines = said.split(whereSeparator: \.isNewline)
      return lines.isEmpty ? "the kernel refused it" : lines.joined(separator: "; ")
    } catch {
      return error.description
    }
  }

  /// Comes to terms with the kernel; gives what is in the way of it.
  private static func connect(
    _ session: OpaquePointer, _ device: Int32, _ sessionState: SessionState, _ readMode: ReadMode?
  ) -> String? {
    guard unsafe CustomIO.attach(to: session, device), unsafe answerFirst(session) else {
      return "libfuse and the kernel do not agree on a protocol"
    }
    sessionState.connected(device: device)
    if readMode == .passthrough, sessionState.readMode != .passthrough {
      return "the kernel does not read files by itself here (passthrough)"
    }
    return nil
  }

  /// Answers the kernel's first request, FUSE_INIT, so that a mount that is there can be used.
  private static func answerFirst(_ session: OpaquePointer) -> Bool {
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

  /// What `max_read=` says; libfuse wants to hear it again when the kernel opens the connection. 0 is no limit.
  private static func maximumRead(_ options: [String]) -> UInt32 {
    let word = "max_read="
    let value = options.last { $0.utf8.starts(with: word.utf8) }
    return value.flatMap { UInt32($0.dropFirst(word.count)) } ?? 0
  }

  deinit {
    unsafe fuse_session_destroy(session)
  }

  /// Answers requests from now on, until the mount is gone or ``stop()`` is called; then ends the tree.
  ///
  /// - Parameter whenEnded: called on another thread when all is done.
  public func start(whenEnded: @escaping @Sendable () -> Void) throws(MountError) {
    do throws(Errno) {
      try sessionState.workers.start(
        nowAndThen: { [sessionState] in sessionState.tree.trimCaches() }, { [self] (worker) in work(worker) })
      // With a million names in the system's cache it takes a while to begin, which the mount need not wait for.
      try Thread.start("casfs-watch") { [self] in
        sessionState.tree.watch { [self] (directory, name) in
          // A name the kernel does not know is ENOENT, and no harm.
          _ = unsafe fuse_lowlevel_notify_inval_entry(session, directory.rawValue, name, name.utf8.count)
        }
      }
      try Thread.start("casfs-end") { [self] in
        sessionState.workers.waitUntilGone()
        sessionState.tree.finish(publishing: !isStopping.load(ordering: .acquiring))
        whenEnded()
      }
    } catch {
      detach()
      throw MountError(error.description)
    }
  }

  /// Unmounts; whoever uses the mount keeps what is open.
  func detach() {
    Self.detach(source)
  }

  /// Unmounts and ends: requests the kernel has sent are still answered, what is open is discarded.
  public func stop() {
    guard !isStopping.exchange(true, ordering: .acquiringAndReleasing) else { return }
    detach()
    stopSignal.wake()
  }
}

/// Why a mount failed.
public struct MountError: Error, Sendable, CustomStringConvertible {
  /// The reason, in a few words for a person.
  public let description: String

  init(_ description: String) {
    self.description = description
  }
}
