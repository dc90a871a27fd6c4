import CASPlatform
import SystemPackage

/// Open files or directories by their handle numbers.
///
/// A number says which process gave it, and enough to open the file again in the next process: the kernel keeps numbers of
/// a process that has died.
final class HandleTable<Handle: Sendable>: Sendable {
  private struct State {
    var lastCount: UInt64 = 0
    var open: [HandleID: Handle] = [:]
  }

  private let generation: UInt16
  private let state = Monitor(State())

  /// - Parameter generation: that of ``NodeJournal``; 0 for a mount whose process is its only one.
  init(generation: UInt16 = 0) {
    self.generation = generation
  }

  var count: Int { state.withLock(notifying: .none) { $0.open.count } }

  /// All open handles.
  var all: [(id: HandleID, handle: Handle)] { state.withLock(notifying: .none) { $0.open.map { ($0.key, $0.value) } } }

  /// Adds a handle under the number that an earlier program gave it.
  func restore(_ handle: Handle, as id: HandleID) {
    state.withLock(notifying: .none) { $0.open[id] = handle }
  }

  /// Adds a handle under a new number.
  func insert(_ handle: Handle, isWriting: Bool = false, fingerprint: UInt32 = 0) -> HandleID {
    state.withLock(notifying: .none) { state in
      var number: HandleNumber
      repeat {
        state.lastCount = (state.lastCount + 1) & HandleNumber.countMask
        number = HandleNumber(
          generation: generation, isWriting: isWriting, fingerprint: fingerprint, count: state.lastCount)
      } while state.open[number.rawValue] != nil || number.rawValue == 0
      state.open[number.rawValue] = handle
      return number.rawValue
    }
  }

  /// The handle of a number that the kernel sent.
  ///
  /// - Throws: EBADF when it is not open.
  func handle(_ id: HandleID) throws(Errno) -> Handle {
    guard let handle = state.withLock(notifying: .none, { $0.open[id] }) else { throw .badFileDescriptor }
    return handle
  }

  /// Whether an earlier process gave a number.
  func isEarlier(_ id: HandleID) -> Bool { generation != 0 && HandleNumber(id).generation != generation }

  /// The handle of a number that the kernel sent, opened again if an earlier process gave it.
  ///
  /// - Parameter reopen: opens the file for reading.
  /// - Throws: EBADF when it is not open; EIO for a file that was open for writing, or has other content now.
  func handle(
    _ id: HandleID, fingerprint: (Handle) -> UInt32 = { _ in 0 }, reopening reopen: () throws(Errno) -> Handle,
    releasing release: (Handle) -> Void = { _ in }
  ) throws(Errno) -> Handle {
    if let handle = state.withLock(notifying: .none, { $0.open[id] }) { return handle }
    guard isEarlier(id) else { throw .badFileDescriptor }
    let number = HandleNumber(id)
    guard !number.isWriting else { throw .ioError }
    let opened = try reopen()
    guard fingerprint(opened) & HandleNumber.fingerprintMask == number.fingerprint else {
      release(opened)
      throw .ioError
    }
    let (handle, isTaken) = state.withLock(notifying: .none) { state in
      if let other = state.open[id] { return (other, false) }
      state.open[id] = opened
      return (opened, true)
    }
    if !isTaken { release(opened) }
    return handle
  }

  func remove(_ id: HandleID) throws(Errno) -> Handle {
    let removed = state.withLock(notifying: .none) { $0.open.removeValue(forKey: id) }
    guard let removed else { throw .badFileDescriptor }
    return removed
  }

  func removeAll() -> [Handle] {
    state.withLock(notifying: .none) { state in
      defer { state.open = [:] }
      return Array(state.open.values)
    }
  }
}

/// The parts of a handle's number.
struct HandleNumber {
  private static let countBits: UInt64 = 24
  static let countMask: UInt64 = 1 << countBits - 1
  static let fingerprintMask: UInt32 = 1 << 23 - 1
  private static let writingBit: UInt64 = 1 << 47

  let rawValue: HandleID

  init(_ rawValue: HandleID) {
    self.rawValue = rawValue
  }

  init(generation: UInt16, isWriting: Bool, fingerprint: UInt32, count: UInt64) {
    rawValue =
      UInt64(generation) << 48 | (isWriting ? Self.writingBit : 0)
      | UInt64(fingerprint & Self.fingerprintMask) << Self.countBits | count & Self.countMask
  }

  /// The process that gave the number.
  var generation: UInt16 { UInt16(truncatingIfNeeded: rawValue >> 48) }
  /// Whether the file is open for writing.
  var isWriting: Bool { rawValue & Self.writingBit != 0 }
  /// A hash of the content that the handle was opened with; 0 for content that does not change.
  var fingerprint: UInt32 { UInt32(truncatingIfNeeded: rawValue >> Self.countBits) & Self.fingerprintMask }
}
