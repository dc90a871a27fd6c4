import Foundation
import TestSupport

/// A sequence of steps, done on a new mount and by the model.
struct Scenario {
  /// Where the two differ.
  struct Difference {
    var step: Step
    /// What the model says.
    var wanted: String
    /// What the mount said.
    var got: String
  }

  var steps: [Step]

  /// Does the steps until one goes differently; what means nothing to the model is left out.
  ///
  /// - Returns: the steps that were done, and where it ended if it did.
  func run() throws -> (done: [Step], difference: Difference?) {
    let workshop = try ScriptedMount.mounted()
    let worker = try Worker(workshop, seconds: 300)
    let model = Model()
    var done: [Step] = []
    for step in steps {
      guard let wanted = model.answer(to: step) else { continue }
      done.append(step)
      let got = try worker.answer(step.process, step.command)
      if got != wanted { return (done, Difference(step: step, wanted: wanted, got: got)) }
    }
    return (done, nil)
  }

  /// A shorter sequence that fails as well, found in so many seconds by leaving steps out.
  func shrunk(seconds: Double) throws -> Scenario {
    let deadline = Date.now + seconds
    var best = steps
    var size = best.count / 2
    while size > 0 {
      var start = 0
      var isShorter = false
      while start < best.count, Date.now < deadline {
        var fewer = best
        fewer.removeSubrange(start..<min(start + size, best.count))
        // Whoever goes on to look sees what is wrong at the end.
        let (done, difference) = try Scenario(steps: fewer + [Step(process: 3, action: .look)]).run()
        if difference != nil, done.count < best.count {
          isShorter = true
          best = done
        } else {
          start += size
        }
      }
      if Date.now >= deadline { break }
      size = size == 1 && isShorter ? 1 : size / 2
    }
    return Scenario(steps: best)
  }

  /// The steps and the difference at their end, for a person.
  func report() throws -> String {
    let (done, difference) = try run()
    let list = done.map { "  \($0)" }.joined(separator: "\n")
    guard let difference else { return list + "\nThese steps went well when they were done again." }
    return "\(list)\n\(Self.comparison(difference))"
  }

  static func comparison(_ difference: Difference) -> String {
    let wanted = difference.wanted.split(separator: "\n")
    let got = difference.got.split(separator: "\n")
    let lines =
      wanted.filter { !got.contains($0) }.map { "- \($0)" } + got.filter { !wanted.contains($0) }.map { "+ \($0)" }
    return "right (-) and what the mount said (+) after '\(difference.step)':\n" + lines.joined(separator: "\n")
  }
}
