package import CASPlatform

/// The parts of the system that a record relies on. Tests replace them.
package struct RecordSystem: Sendable {
  /// The clock that sets the times of files.
  package var now: @Sendable () -> Timestamp
  /// The identity of the machine; without one nothing is recorded.
  package var machine: String?
  /// The file system and the creation of a file; `nil` if they are unknown.
  package var origin: @Sendable (OpenFile) -> FileOrigin?
  /// Whether a process has a file open for writing; `nil` if that is unknown.
  package var hasWriter: @Sendable (OpenFile) -> Bool?
  /// Makes a file durable; returns whether that succeeded.
  package var synchronize: @Sendable (OpenFile) -> Bool

  /// The running system.
  package static let current = RecordSystem(
    now: { Timestamp.now }, machine: MachineIdentity.current, origin: { try? $0.origin() },
    hasWriter: { $0.hasWriter() }, synchronize: { (try? $0.synchronize()) != nil })
}
