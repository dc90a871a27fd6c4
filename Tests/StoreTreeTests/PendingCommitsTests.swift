import CAS
import CASPlatform
import SystemPackage
import Testing

@testable import StoreTree

/// Waiting for commits that others make.
@Suite struct PendingCommitsTests {
  private func context(_ cancellation: CancellationToken = .none) -> RequestContext {
    RequestContext(user: 0, group: 0, thread: 0, cancellation: cancellation)
  }

  @Test("I4: those that were begun before are waited for, later ones are not")
  func waits() throws {
    let commits = PendingCommits(timeout: .seconds(60))
    #expect(try !commits.wait(context()))
    let ticket = commits.begin()
    try Thread.start("commit") {
      Thread.sleep(for: .milliseconds(50))
      _ = commits.begin()
      commits.end(ticket)
    }
    #expect(try commits.wait(context()))
    #expect(commits.pending == 1)
  }

  @Test("I4 V3: one that is stuck is waited for only so long")
  func stuck() throws {
    let commits = PendingCommits(timeout: .milliseconds(100))
    _ = commits.begin()
    let began = ContinuousClock.now
    #expect(try commits.wait(context()))
    #expect(ContinuousClock.now - began >= .milliseconds(100))
  }

  @Test("V3: who is let go waits no longer")
  func letGo() throws {
    let commits = PendingCommits(timeout: .seconds(60))
    _ = commits.begin()
    let token = CancellationToken()
    try Thread.start("signal") {
      Thread.sleep(for: .milliseconds(50))
      token.cancel()
    }
    #expect(throws: Errno.interrupted) { try commits.wait(context(token)) }
  }
}
