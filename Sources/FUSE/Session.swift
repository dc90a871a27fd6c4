internal import CFUSE
internal import Glibc
public import Logging
internal import Platform
public import StoreTree
internal import Synchronization
internal import SystemPackage

/// A tree mounted through libfuse's low-level interface.
@safe
public final class Session: @unchecked Sendable {
  /// Where requests come from.
  private enum Source {
    case mount(String)
    case device(Int32)
  }

  private let dispatcher: Dispatcher
  private let session: OpaquePointer
  private let source: Source
  private let logger: Logger
  /// Readable once the session is told to stop, so that the leader wakes.
  private let stopSignal: Pipe
  private let isStopping = Atomic(false)

  /// Makes a session and mounts it: `fuse_session_new(3)`, `fuse_session_mount(3)`.
  ///
  /// Must be called before threads are started, when the caller is still to fork.
  ///
  /// - Parameter options: the words for libfuse's `-o`, as in `fsname=x`.
  /// - Parameter mountPoint: an absolute path.
  /// - Parameter readMode: how blobs are read; `nil` is the best that is possible.
  /// - Throws: why it could not be mounted, in the words of libfuse and fusermount3.
  public convenience init(
    _ tree: Tree, at mountPoint: String, options: [String], reading readMode: ReadMode? = nil, logger: Logger
  ) throws(MountError) {
    try self.init(tree, .mount(mountPoint), options: options, reading: readMode, logger: logger)
  }

  /// Makes a session that nothing is mounted with, for somebody who stands in for the kernel.
  ///
  /// - Parameter device: a socket that keeps messages apart, from which FUSE_INIT can be read; it is taken over.
  package convenience init(_ tree: Tree, over device: Int32, logger: Logger) throws(MountError) {
    try self.init(tree, .device(device), options: [], reading: .copy, logger: logger)
  }

  private init(
    _ tree: Tree, _ source: Source, options: [String], reading readMode: ReadMode?, logger: Logger
  ) throws(MountError) {
    self.source = source
    self.logger = logger
    dispatcher = Dispatcher(tree, maximumRead: Self.maximumRead(options), readMode)
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
        Unmanaged.passUnretained(dispatcher).toOpaque())
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
    if let refusal = unsafe Self.connect(session, device, dispatcher, readMode) {
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
    _ session: OpaquePointer, _ device: Int32, _ dispatcher: Dispatcher, _ readMode: ReadMode?
  ) -> String? {
    guard unsafe DeviceHooks.attach(to: session, device), unsafe answerFirst(session) else {
      return "libfuse and the kernel do not agree on a protocol"
    }
    dispatcher.connected(device: device)
    if readMode == .passthrough, dispatcher.readMode != .passthrough {
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
      try dispatcher.crew.start(
        nowAndThen: { [dispatcher] in dispatcher.tree.letGoOfUnused() }, { [self] (member) in work(member) })
      // With a million names in the system's cache it takes a while to begin, which the mount need not wait for.
      try Thread.start("casfs-watch") { [self] in
        dispatcher.tree.watch { [self] (directory, name) in
          // A name the kernel does not know is ENOENT, and no harm.
          _ = unsafe fuse_lowlevel_notify_inval_entry(session, directory.rawValue, name, name.utf8.count)
        }
      }
      try Thread.start("casfs-end") { [self] in
        dispatcher.crew.waitUntilGone()
        dispatcher.tree.finish(publishing: !isStopping.load(ordering: .acquiring))
        whenEnded()
      }
    } catch {
      Self.detach(source)
      throw MountError(error.description)
    }
  }

  /// Unmounts and ends: requests the kernel has sent are still answered, what is open is discarded.
  public func stop() {
    guard !isStopping.exchange(true, ordering: .acquiringAndReleasing) else { return }
    Self.detach(source)
    stopSignal.wake()
  }

  private enum Received {
    case request
    case nothing
    case end
  }

  private func work(_ member: Member) {
    let device = unsafe fuse_session_fd(session)
    var buffer = unsafe fuse_buf()
    defer { unsafe free(buffer.mem) }
    var haste = Haste()
    while dispatcher.crew.takeLead(member) {
      // Whoever had the lead may have gone on to something that takes long.
      dispatcher.releaseAnswer.send(device)
      while member.isLeading {
        switch unsafe receive(&buffer, &haste) {
        case .request: unsafe answer(&buffer, member, device)
        case .nothing:
          dispatcher.releaseAnswer.send(device)
          sleep(device)
        case .end:
          dispatcher.releaseAnswer.send(device)
          dispatcher.crew.end()
          return
        }
      }
    }
  }

  private func answer(_ request: inout fuse_buf, _ member: Member, _ device: Int32) {
    let release = unsafe Self.release(request)
    if let release { dispatcher.releaseAnswer.begin(release) }
    // Who asks after the last close comes after it, so nobody is answered before that has begun.
    dispatcher.crew.begin(member, keepingLead: release != nil)
    unsafe fuse_session_process_buf(session, &request)
    member.end()
    if release == nil || !member.isLeading { dispatcher.releaseAnswer.send(device) }
  }

  /// The number of a request that is `FUSE_RELEASE`, which nobody waits for; `nil` for any other.
  private static func release(_ request: fuse_buf) -> UInt64? {
    // In `fuse_in_header`, the opcode and the number follow the length.
    guard let memory = unsafe request.mem, unsafe request.size >= 16,
      unsafe memory.loadUnaligned(fromByteOffset: 4, as: UInt32.self) == Opcode.release.rawValue
    else { return nil }
    return unsafe memory.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
  }

  /// Gets the next request; when there is none yet, it may look for one for a moment.
  private func receive(_ buffer: inout fuse_buf, _ haste: inout Haste) -> Received {
    var received = unsafe receive(&buffer)
    guard case .nothing = received else { return received }
    _ = haste.lookAhead {
      received = unsafe receive(&buffer)
      if case .nothing = received { return false }
      return true
    }
    return received
  }

  private func receive(_ buffer: inout fuse_buf) -> Received {
    let result = unsafe fuse_session_receive_buf(session, &buffer)
    switch -result {
    case ..<0: return .request
    case EAGAIN:
      // After a stop the queue is answered to its end, and what is being worked on is waited for.
      let isDone = isStopping.load(ordering: .acquiring) && !dispatcher.crew.isBusy
      return isDone ? .end : .nothing
    case EINTR, ENOENT: return .nothing
    case 0, ENODEV: return .end
    default:
      logger.error("receive from the kernel: \(Errno(rawValue: -result))")
      Self.detach(source)
      return .end
    }
  }

  /// Waits for the next request, or to be told to stop.
  private func sleep(_ device: Int32) {
    let isStopping = isStopping.load(ordering: .acquiring)
    var descriptors = [
      pollfd(fd: device, events: Int16(POLLIN), revents: 0),
      pollfd(fd: isStopping ? -1 : stopSignal.reader.rawValue, events: Int16(POLLIN), revents: 0),
    ]
    unsafe poll(&descriptors, 2, isStopping ? 10 : -1)
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
