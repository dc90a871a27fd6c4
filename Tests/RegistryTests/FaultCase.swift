import Testing

/// A fault while a blob is read or written, and what the user sees of it.
struct FaultCase: Sendable, CustomTestStringConvertible {
  /// The result for the user.
  enum Outcome: String, Sendable {
    /// Success: the request is repeated, or the fault does not matter.
    case done
    /// EIO, and nothing is served or stored.
    case eio
    /// Either, and nothing wrong is served or stored.
    case either
  }

  var title: String
  /// The members of the fault's JSON besides `on`.
  var fault: String
  var outcome: Outcome

  init(_ title: String, _ outcome: Outcome, _ fault: String) {
    self.title = title
    self.outcome = outcome
    self.fault = fault
  }

  var testDescription: String { title }

  /// The cases as `fault-cases.bash` takes them.
  static func lines(_ cases: [FaultCase]) -> String {
    cases.map { "\($0.title)\t\($0.outcome)\t\($0.fault)" }.joined(separator: "\n")
  }
}
