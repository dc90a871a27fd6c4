import CAS
import CASPlatform
import OCI
import SystemPackage
import Testing

@testable import StoreTree

/// Waiting for commits of other callers.
@Suite struct PendingCommitsTests {
  private func context(_ cancellation: CancellationToken = .none) -> RequestContext {
    RequestContext(user: 0, group: 0, thread: 0, cancellation: cancellation)
  }

  @Test("I4: a wait ends with the commits that began before it")
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

  @Test("I4, V3: the wait for a stuck commit ends with the timeout")
  func stuck() throws {
    let commits = PendingCommits(timeout: .milliseconds(100))
    _ = commits.begin()
    let began = ContinuousClock.now
    #expect(try commits.wait(context()))
    #expect(ContinuousClock.now - began >= .milliseconds(100))
  }

  @Test("I4, V3: an interrupted caller stops waiting")
  func interrupted() throws {
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
