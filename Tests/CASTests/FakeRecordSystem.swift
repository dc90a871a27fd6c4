import CASPlatform

@testable import CAS

/// The machine of a test, whose facts can change.
final class FakeRecordSystem: Sendable {
  struct State {
    var origin = FileOrigin(type: 0xEF53, fileSystem: 1)
    var machine: String? = "machine"
    var hasWriter: Bool? = false
    var verity: VerityDigest?
    var syncFails = false
    /// Seconds that the clock is ahead of the system's, so that files count as settled.
    var ahead: Int64 = 10
    var syncs = 0
  }

  let state = Monitor(State())

  var system: RecordSystem {
    RecordSystem(
      now: { [state] in Timestamp.now.earlier(bySeconds: -state.withLock { $0.ahead }) },
      machine: state.withLock { $0.machine },
      origin: { [state] _ in state.withLock { $0.origin } },
      hasWriter: { [state] _ in state.withLock { $0.hasWriter } },
      verity: { [state] _ in state.withLock { $0.verity } },
      synchronize: { [state] _ in
        state.withLock { (state) in
          state.syncs += 1
          return !state.syncFails
        }
      })
  }
}
