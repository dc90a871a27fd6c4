import CAS
import CASPlatform

/// The answers of credential helpers in this process: each is asked once for each server, because an answer can take
/// seconds, or a confirmation by the user.
///
/// Concurrent callers with one question share one run of the program, on the thread of the first of them. If that
/// caller is cancelled, its program is killed, and another caller runs it.
final class CredentialHelperAnswers: Sendable {
  /// The answers of the whole process.
  static let shared = CredentialHelperAnswers()

  private struct Question: Hashable {
    var helper: CredentialHelper
    var server: String
  }

  private struct Entry {
    var answer: CredentialHelper.Answer
    var time: ContinuousClock.Instant
    /// Whether the helper gave the same answer when it was asked again.
    var isConfirmed = false
  }

  private struct State {
    var running: Set<Question> = []
    var entries: [Question: Entry] = [:]
  }

  /// How long a helper without credentials, or with rejected ones that it has confirmed, is not asked again.
  private static let retryInterval = Duration.seconds(60)

  private let state = Monitor(State())

  /// The answer of a helper for a server.
  ///
  /// - Parameter rejected: credentials that the server does not accept. A helper that answered with them is asked
  ///   again, because its credentials may have expired.
  /// - Throws: `RegistryError.cancelled`.
  func answer(
    of helper: CredentialHelper, for server: String, rejected: Credentials?, timeout: Duration,
    _ cancellation: CancellationToken
  ) throws(RegistryError) -> CredentialHelper.Answer {
    let question = Question(helper: helper, server: server)
    let known = state.wait(
      until: { !$0.running.contains(question) }, unless: { cancellation.isCancelled }, notifying: .none,
      then: { (state) -> CredentialHelper.Answer? in
        if let entry = state.entries[question], !Self.isStale(entry, rejected) { return entry.answer }
        state.running.insert(question)
        return nil
      })
    guard let known else { throw .cancelled }
    if let known { return known }
    let result = Result { () throws(RegistryError) in try helper.answer(for: server, timeout: timeout, cancellation) }
    state.withLock { state in
      state.running.remove(question)
      guard case .success(let answer) = result else { return }
      let isConfirmed = state.entries[question]?.answer == answer
      state.entries[question] = Entry(answer: answer, time: .now, isConfirmed: isConfirmed)
    }
    return try result.get()
  }

  private static func isStale(_ entry: Entry, _ rejected: Credentials?) -> Bool {
    let isOld = entry.time + retryInterval < .now
    switch entry.answer {
    case .nothing, .failure: return isOld
    case .credentials(let credentials): return credentials == rejected && (!entry.isConfirmed || isOld)
    }
  }
}
