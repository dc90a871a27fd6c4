import Testing

/// Something that goes wrong while a blob is read or written, and what the user sees of it.
struct FaultCase: Sendable, CustomTestStringConvertible {
  /// What comes of it.
  enum Outcome: String, Sendable {
    /// Nothing is seen: it is tried again, or does not matter.
    case done
    /// It fails with EIO, and nothing of it is served or stored.
    case eio
    /// One of both, and nothing wrong is served or stored.
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

  /// Runs the word `trial TITLE OUTCOME FAULT` for each, all at once; each is a process of its own.
  static func script(_ cases: [FaultCase]) -> String {
    let calls = cases.map { (trial) in
      "(trap takeDown EXIT; trial '\(trial.title)' \(trial.outcome) '\(trial.fault)') 2>&1 & trials+=($!)\n"
    }.joined()
    return "trials=(); failed=0\n" + calls + #"""
      for job in "${trials[@]}"; do wait $job || failed=$((failed + 1)); done
      is $failed 0

      """#
  }
}
