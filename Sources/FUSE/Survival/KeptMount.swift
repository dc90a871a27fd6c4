import CASPlatform
import CKeeper
import Glibc
package import OCI
package import StoreTree
package import SystemPackage

/// The mount that a server was started for by its ``Keeper``, and the state that outlives the server.
@safe
package final class KeptMount: @unchecked Sendable {
  let state: OpaquePointer
  /// The file of the state.
  let file: OpenFile
  private let isOwned: Bool
  /// The descriptor of `/dev/fuse` in this process, once an earlier process or program has mounted.
  let device: Int32
  /// Whether this process had another program before, which served the mount.
  package let isReplacement: Bool
  /// The state that this program has left, until it is read.
  private let left: Monitor<OpenFile?>

  /// The mount of this process, if a keeper started it.
  ///
  /// - Parameter program: the name by which the program was started.
  /// - Returns: `nil` for a process that is not a server.
  /// - Throws: EINVAL or EBADF if the state that a keeper passes is missing or of another version.
  package static func attach(asProgram program: String) throws(Errno) -> KeptMount? {
    guard program.utf8.starts(with: CASFS_SERVER_NAME.utf8) else { return nil }
    guard let state = unsafe casfs_keeper_attach() else { throw Errno(rawValue: errno) }
    return unsafe KeptMount(state, OpenFile(owning: Int32(casfs_keeper_state_fd)), isOwned: false)
  }

  /// A state without a keeper, for tests.
  package convenience init() throws(Errno) {
    var number: Int32 = -1
    guard let state = unsafe casfs_keeper_make_state(&number) else { throw Errno(rawValue: errno) }
    unsafe self.init(state, OpenFile(owning: number), isOwned: true)
  }

  private init(_ state: OpaquePointer, _ file: OpenFile, isOwned: Bool) {
    unsafe self.state = state
    self.file = file
    self.isOwned = isOwned
    device = unsafe casfs_keeper_device(state)
    let number = unsafe casfs_keeper_handover(state)
    isReplacement = number != -1
    left = Monitor(number == -1 ? nil : OpenFile(owning: number))
  }

  deinit {
    if isOwned { unsafe casfs_keeper_end_state(state) }
  }

  /// The arguments of the program.
  package var arguments: [String] {
    var length: UInt32 = 0
    let bytes = unsafe UnsafeBufferPointer(start: casfs_keeper_arguments(state, &length), count: Int(length))
    return unsafe bytes.split(separator: 0, omittingEmptySubsequences: false).dropLast().map {
      unsafe String(decoding: $0.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }

  /// Whether the keeper runs in the background.
  package var isBackground: Bool { unsafe casfs_keeper_is_background(state) != 0 }

  /// The process id of the keeper.
  package var process: Int32 { unsafe casfs_keeper_process(state) }

  /// When the keeper began; `nil` for a keeper of an earlier version.
  var began: Timestamp? {
    var nanoseconds: Int64 = 0
    let seconds = unsafe casfs_keeper_began(state, &nanoseconds)
    return seconds == 0 ? nil : Timestamp(seconds: seconds, nanoseconds: UInt32(truncatingIfNeeded: nanoseconds))
  }

  /// How many servers the keeper has started; 1 for the first.
  package var starts: UInt32 { unsafe casfs_keeper_starts(state) }

  /// How the last server that was ready has ended, as a predicate: `was killed by signal 9`.
  package var lastEnd: String {
    var text = [CChar](repeating: 0, count: 64)
    unsafe text.withUnsafeMutableBufferPointer { unsafe casfs_keeper_describe_end(state, $0.baseAddress, $0.count) }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// How often a server has replaced its program.
  package var reloads: UInt32 { unsafe casfs_keeper_reloads(state) }

  /// How often that has failed since, and the reason of the last time; `nil` without one.
  var reloadFailures: (count: Int, last: String?) {
    var reason: UnsafePointer<CChar>?
    let count = unsafe casfs_keeper_reload_failures(state, &reason)
    return (Int(count), count == 0 ? nil : unsafe reason.map { unsafe String(cString: $0) })
  }

  /// Notes that a reload has failed.
  func noteFailedReload(_ reason: String) {
    unsafe casfs_keeper_note_failed_reload(state, reason)
  }

  /// The path at which the program of the keeper was installed.
  package var program: String { unsafe String(cString: casfs_keeper_program(state)) }

  /// Takes the state that the program before has left, once.
  ///
  /// - Throws: EBADMSG if it is not whole, or of another version.
  package func takeHandover() throws(Errno) -> Handover? {
    guard let left = left.withLock({ $0.take() }) else { return nil }
    return try Handover(decoding: try left.remainingContents(limit: .max)) { OpenFile(owning: $0) }
  }

  /// Replaces the program of this process, which must serve the mount, by an open file: `execveat(2)`.
  ///
  /// - Throws: the error of the system; nothing has changed then.
  func replaceProgram(by program: OpenFile, device: Int32, leaving handover: Handover) throws(Errno) {
    let left = try OpenFile.inMemory(named: "casfs-handover")
    try left.write(handover.encoded.span, at: 0)
    let numbers = handover.files.map(\.rawValue)
    unsafe casfs_keeper_replace(
      state, program.rawValue, device, left.rawValue, numbers, Int32(numbers.count))
    throw Errno(rawValue: errno)
  }

  /// Whether an earlier server has mounted.
  package var isMounted: Bool { initRequest != nil }

  /// The URI of the store that an earlier server opened.
  package var store: String? { unsafe casfs_keeper_store(state).map { unsafe String(cString: $0) } }

  /// The longest text of a descriptor that fits into the state, in bytes.
  private static let imageLimit = Int(casfs_keeper_image_limit) - 1

  /// The manifest whose files an earlier server mounted; `nil` for a store, and before the first server has mounted. The
  /// name by which the image was found can stand for another one since, and a registry need not answer.
  package var image: Descriptor? {
    guard let text = unsafe casfs_keeper_image(state).map({ unsafe String(cString: $0) }) else { return nil }
    return try? Descriptor(parsing: Array(text.utf8))
  }

  /// The FUSE_INIT of the connection, which an earlier server has answered.
  var initRequest: [UInt8]? {
    var length: UInt32 = 0
    guard let bytes = unsafe casfs_keeper_init(state, &length) else { return nil }
    return unsafe Array(UnsafeBufferPointer(start: bytes, count: Int(length)))
  }

  /// Notes what the next servers need.
  ///
  /// - Parameter unanswered: the end of the requests that a server had read when it died.
  /// - Throws: E2BIG if one of the texts is too long.
  func setSession(initRequest: [UInt8], store: String, image: Descriptor?, unanswered: casfs_unanswered) throws(Errno) {
    var text = image?.description ?? ""
    // Long ones embed the content, which is most probably stored too.
    if let image, text.utf8.count > Self.imageLimit {
      text = Descriptor(mediaType: image.mediaType, digest: image.digest, size: image.size).description
    }
    guard
      unsafe casfs_keeper_set_session(
        state, initRequest, UInt32(initRequest.count), store, text, unanswered) == 0
    else { throw Errno(rawValue: errno) }
  }

  /// Reports to the keeper that requests are answered from now on.
  ///
  /// - Parameter device: `/dev/fuse`, which the first server passes.
  /// - Parameter thread: a thread that ends with the mount or the process alone, by which the keeper notices that end.
  func reportReady(device: Int32?, thread: Int32) throws(Errno) {
    // The servers that follow run the program that has served last.
    let program = device == nil ? try OpenFile.open(path: "/proc/self/exe", .pathOnly) : nil
    let passed = device ?? program?.rawValue ?? -1
    try withExtendedLifetime(program) { () throws(Errno) in
      guard casfs_keeper_send_ready(passed, thread) == 0 else { throw Errno(rawValue: errno) }
    }
    unsafe casfs_keeper_did_reload(state)
  }

  /// Counts that a request is read that an earlier server did not answer.
  ///
  /// - Returns: `false` for one that must not be tried again: servers have crashed over it twice, or were killed often.
  func mayAnswer(_ unique: UInt64) -> Bool { unsafe casfs_keeper_may_answer(state, unique) != 0 }
}
