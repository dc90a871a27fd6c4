// Random sequences of system calls on a real mount, each compared with a small model of the contract, see
// casfs-contract(7). Takes a random seed and about twenty seconds by default. For a longer run, or to repeat one:
//
//     SEED=1 MINUTES=10 swift test --filter ModelTests
//
// Sequence N of a run has the seed SEED + N. A failure names the seed of its own sequence, which runs first with it,
// and lists the steps that remain after shrinking: a process, its action, its descriptor. `pwrite 0 100 5 2` writes
// five bytes of pattern 2 at offset 100.
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

  /// Tries one sequence after another, for half of the available time.
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
