// Random sequences of system calls on a real mount, each compared with a small model of what section 4 of the design
// says. Without more said it takes a random seed and some twenty seconds. To go on for longer, or again:
//
//     SEED=1 MINUTES=10 swift test --filter ModelTests
//
// Sequence N of a run has the seed SEED + N. A failure names the seed of its own sequence, with which it is the first
// one, and lists the steps that are left of it when all that can be left out is: a process, what it did, with which
// descriptor. `pwrite 0 100 5 2` writes at 100 the five bytes that are called 2.
import Foundation
import TestSupport
import Testing

@Suite(.serialized, .needs(.fuse, .tools("python3")))
struct ModelTests {
  @Test(
    "I1 I2 I3 I4 I5 I6 I7 I8 I9 I10 R1 R2 R3 T1: random operations on files, names, processes and references match the model"
  )
  func everything() throws {
    try explore(.everything, length: 60)
  }

  @Test("I2 I3 I4 I5 I7: content written, mapped and truncated in any order is committed unchanged")
  func content() throws {
    try explore(.content, length: 80)
  }

  /// Tries one sequence after another, for half of the time there is.
  private func explore(_ kind: Generator.Kind, length: Int) throws {
    let options = StressOptions(minutes: 1.0 / 3)
    let seed = options.seed
    let deadline = Date.now + options.minutes * 60 / 2
    var sequences: UInt64 = 0
    var steps = 0
    defer { print("seed \(seed): \(sequences) sequences, \(steps) steps") }
    repeat {
      let scenario = Scenario(steps: Generator.steps(kind, seed: seed &+ sequences, count: length))
      let (done, difference) = try scenario.run()
      steps += done.count
      if let difference {
        let short = try Scenario(steps: done).shrunk(seconds: 60).report()
        Issue.record(
          """
          seed \(seed &+ sequences), after \(done.count) steps:
          \(Scenario.comparison(difference))
          shorter:
          \(short)
          """)
        return
      }
      sequences += 1
    } while Date.now < deadline
  }
}
