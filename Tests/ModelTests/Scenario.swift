import Foundation
import TestSupport

/// A sequence of steps, for a new mount and for the model.
struct Scenario {
  /// A difference between the two.
  struct Difference {
    var step: Step
    /// The model's answer.
    var wanted: String
    /// The mount's answer.
    var got: String
  }

  var steps: [Step]

  /// Does the steps up to the first difference, without those that make no sense to the model.
  ///
  /// - Returns: the steps done, and the difference, if there is one.
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

  /// A shorter sequence that fails too, found within `seconds` by leaving steps out.
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
        // A final look shows differences that remain.
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

  /// The steps and the difference, as text.
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
