import CAS
import Foundation
import OCI
import TestSupport
import Testing

@testable import CASRegistry

/// The requests of the distribution specification against the ways in which registries answer them.
@Suite(.boundedInTime, .needs(.tools("python3"))) struct AnswerProductTests {
  private struct Combination: Sendable {
    var kind: RequestKind
    var habit: Habit
    var repository: String { "\(kind.rawValue)/\(habit.name)/app" }
  }

  @Test("N4: no combination of request and answer loses data, hangs, or fails without what the registry did")
  func product() throws {
    let server = try HabitServer()
    let combinations = RequestKind.allCases.flatMap { (kind) in
      // Pages are those of a list of tags.
      Habit.all.filter { kind == .tags || !$0.name.hasPrefix("link") && !$0.name.hasSuffix("pages") }.map {
        Combination(kind: kind, habit: $0)
      }
    }
    let failed = AtomicCounter()
    let threadCount = 8
    try onThreads(threadCount) { (thread) in
      for combination in stride(from: thread, to: combinations.count, by: threadCount).map({ combinations[$0] }) {
        do {
          if try Self.check(combination, server) { failed.add() }
        } catch {
          Issue.record("\(combination.repository): \(error)")
        }
      }
    }
    let count = failed.count
    print(
      "\(RequestKind.allCases.count) requests, \(Habit.all.count) answers: \(combinations.count) combinations, "
        + "\(combinations.count - count) succeed, \(count) fail with the registry's answer")
  }

  /// Runs the operations that send a kind of request.
  ///
  /// - Returns: whether the combination fails, as it should.
  private static func check(_ combination: Combination, _ server: HabitServer) throws -> Bool {
    let trial = try HabitTrial(server, combination.repository, combination.kind)
    trial.run()
    let content = try server.content(of: combination.repository)
    if let fault = trial.fault(in: content) { Issue.record("\(combination.repository): \(fault)") }
    #expect(content.counts[combination.kind.rawValue] ?? 0 > 0, "\(combination.repository) was not asked")
    let expected = combination.habit.failures[combination.kind]
    #expect(
      trial.failures.isEmpty == (expected == nil),
      "\(combination.repository): \(trial.failures.isEmpty ? "succeeded" : trial.failures.joined(separator: "; "))")
    for failure in trial.failures {
      #expect(
        failure.contains(server.host) && failure.contains(expected ?? ""), "\(combination.repository): \(failure)")
    }
    return expected != nil
  }
}
