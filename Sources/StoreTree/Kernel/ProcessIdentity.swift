/// A process (thread group). The system gives the number of one that has ended to another one, so what is remembered of a
/// process needs more than its number.
package struct ProcessIdentity: Hashable, Sendable {
  /// The process id; 0 when the process cannot be seen.
  package let number: Int32
  /// A number that no other process has until the system starts again; 0 before Linux 6.9, which has none.
  package let serial: UInt64

  package init(_ number: Int32, serial: UInt64 = 0) {
    (self.number, self.serial) = (number, serial)
  }

  /// A process that cannot be seen.
  package static let unseen = Self(0)
}

extension ProcessIdentity: CustomStringConvertible {
  package var description: String { "\(number)" }
}
