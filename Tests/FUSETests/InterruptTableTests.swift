import CAS
import CASPlatform
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import FUSE

/// Stands in for libfuse and `/proc`: notes the calls of an ``InterruptTable``.
final class FakeLibfuse: Sendable {
  struct Reply: Equatable, Sendable {
    let request: Int
    let error: Int32
  }

  struct State: Sendable {
    /// The keys of observed requests.
    var observed: [UInt] = []
    var replies: [Reply] = []
    /// The policies whose signals are pending.
    var triggered: Set<InterruptPolicy> = [.anySignal, .fatalSignal, .fatalSignalWhileBlocked]
    var queries = 0
    /// Called within `observe`, as libfuse reports a signal that came before.
    var onObserve: (@Sendable (UInt) -> Void)?
  }

  let state = Monitor(State())

  /// A request that is never dereferenced.
  static func request(_ number: Int) -> OpaquePointer {
    guard let request = unsafe OpaquePointer(bitPattern: number) else { preconditionFailure("a request is not 0") }
    return unsafe request
  }

  var hooks: InterruptTable.Hooks {
    unsafe InterruptTable.Hooks(
      observe: { [state] (_, id) in
        let onObserve = state.withLock { state in
          state.observed.append(id)
          return state.onObserve
        }
        onObserve?(id)
      },
      reply: { [state] (request, error) in
        let number = Int(bitPattern: request)
        state.withLock { $0.replies.append(Reply(request: number, error: error)) }
      },
      hasSignal: { [state] (policy, _) in
        state.withLock { state in
          state.queries += 1
          return state.triggered.contains(policy)
        }
      })
  }

  var replies: [Reply] { state.withLock { $0.replies } }
}

@Suite(.boundedInTime) struct InterruptTableTests {
  private let libfuse = FakeLibfuse()
  private let table: InterruptTable

  init() {
    table = InterruptTable(libfuse.hooks)
  }

  private func pendingRequest(_ number: Int = 7, _ policy: InterruptPolicy = .anySignal) -> PendingRequest {
    unsafe PendingRequest(FakeLibfuse.request(number), thread: 0, policy, table)
  }

  /// The key of the request that was observed last.
  private var lastID: UInt { libfuse.state.withLock { $0.observed.last ?? 0 } }

  @Test("a signal interrupts a blocked request with EINTR, once")
  func interrupts() {
    let request = pendingRequest()
    request.willBlock()
    table.didSignal(lastID)
    table.didSignal(lastID)
    #expect(libfuse.replies == [.init(request: 7, error: EINTR)])
    #expect(request.cancellation.isCancelled)
    #expect(!request.claim())
  }

  @Test("a signal that came before the request blocked is not lost")
  func earlySignal() {
    libfuse.state.withLock { $0.onObserve = { [table] in table.didSignal($0) } }
    let request = pendingRequest()
    request.willBlock()
    #expect(libfuse.replies == [.init(request: 7, error: EINTR)])
    #expect(!request.claim())
  }

  @Test("libfuse's lock is not taken by a reply within observe")
  func noReplyWithinObserve() {
    libfuse.state.withLock {
      $0.onObserve = { [table, libfuse] in
        table.didSignal($0)
        #expect(libfuse.replies.isEmpty)
      }
    }
    pendingRequest().willBlock()
    #expect(libfuse.replies.count == 1)
  }

  @Test("a signal after the reply has no effect")
  func lateSignal() {
    let request = pendingRequest()
    request.willBlock()
    #expect(request.claim())
    table.didSignal(lastID)
    #expect(libfuse.replies.isEmpty)
    #expect(!request.cancellation.isCancelled)
  }

  @Test("a fast request is claimed once and never observed")
  func fast() {
    let request = pendingRequest()
    #expect(request.claim())
    #expect(!request.claim())
    request.willBlock()
    #expect(libfuse.state.withLock { $0.observed.isEmpty })
  }

  @Test("a request that blocks twice is observed once")
  func blocksTwice() {
    let request = pendingRequest()
    request.willBlock()
    request.willBlock()
    request.didStall()
    #expect(libfuse.state.withLock { $0.observed.count } == 1)
    #expect(request.claim())
  }

  @Test("a stall makes a request interruptible, unless its policy waits until it blocks")
  func stall() {
    for policy in [InterruptPolicy.anySignal, .fatalSignal, .fatalSignalWhileBlocked] {
      let request = pendingRequest(7, policy)
      let before = libfuse.state.withLock { $0.observed.count }
      request.didStall()
      let isObserved = libfuse.state.withLock { $0.observed.count } > before
      #expect(isObserved == (policy != .fatalSignalWhileBlocked), "\(policy)")
      request.willBlock()
      table.didSignal(lastID)
      #expect(!request.claim(), "\(policy)")
    }
  }

  @Test("a signal that the policy ignores does not interrupt; a later one that it does not ignore does")
  func ignoredSignal() {
    libfuse.state.withLock { $0.triggered = [] }
    let request = pendingRequest(7, .fatalSignal)
    request.willBlock()
    table.didSignal(lastID)
    #expect(libfuse.replies.isEmpty)
    // The kernel reports the first signal only, so callers are polled.
    #expect(libfuse.state.waits { $0.queries >= 3 })
    #expect(libfuse.replies.isEmpty)
    libfuse.state.withLock { $0.triggered = [.fatalSignal] }
    #expect(libfuse.state.waits { !$0.replies.isEmpty })
    #expect(libfuse.replies == [.init(request: 7, error: EINTR)])
    #expect(!request.claim())
  }

  @Test("polling ends with the last request that has a signal, and starts again")
  func pollingEnds() {
    libfuse.state.withLock { $0.triggered = [] }
    for number in 1...3 {
      let request = pendingRequest(number)
      request.willBlock()
      let queries = libfuse.state.withLock { $0.queries }
      table.didSignal(lastID)
      #expect(libfuse.state.waits { $0.queries >= queries + 2 })
      #expect(request.claim())
    }
    #expect(libfuse.replies.isEmpty)
  }

  @Test("removal is idempotent, and keys are never reused")
  func removes() {
    let (first, second) = (table.insert(pendingRequest()), table.insert(pendingRequest()))
    #expect(first != second)
    #expect(table.remove(first))
    #expect(!table.remove(first))
    #expect(table.remove(second))
    #expect(table.insert(pendingRequest()) > second)
  }

  @Test("a stale or unknown key has no effect")
  func staleKey() {
    table.didSignal(99)
    table.observe(99)
    #expect(!table.remove(99))
    #expect(libfuse.replies.isEmpty)
  }

  @Test("a request that is begun again has the new request, policy and a new claim")
  func begins() {
    let request = pendingRequest(1)
    #expect(request.claim())
    unsafe request.begin(FakeLibfuse.request(2), thread: 5, .fatalSignal)
    #expect(request.thread == 5)
    libfuse.state.withLock { $0.triggered = [.fatalSignal] }
    request.willBlock()
    table.didSignal(lastID)
    #expect(libfuse.replies == [.init(request: 2, error: EINTR)])
  }

  @Test("a claim and a signal race: one of them replies")
  func claimRacesSignal() throws {
    let claims = Atomic(0)
    let replies = Atomic(0)
    try race(
      rounds: 3000,
      prepare: { _ in
        let request = pendingRequest()
        request.willBlock()
        let id = lastID
        replies.store(libfuse.replies.count, ordering: .relaxed)
        claims.store(0, ordering: .relaxed)
        return (
          { if request.claim() { claims.add(1, ordering: .relaxed) } }, { [table] in table.didSignal(id) }
        )
      },
      check: { _ in
        let interrupts = libfuse.replies.count - replies.load(ordering: .relaxed)
        let claims = claims.load(ordering: .relaxed)
        #expect(interrupts + claims == 1)
        #expect(!table.remove(lastID))
      })
  }

  @Test("a claim and a stall race: the claim succeeds and the table is empty")
  func claimRacesStall() throws {
    let claims = Atomic(0)
    try race(
      rounds: 3000,
      prepare: { _ in
        let request = pendingRequest()
        claims.store(0, ordering: .relaxed)
        return ({ request.didStall() }, { if request.claim() { claims.add(1, ordering: .relaxed) } })
      },
      check: { _ in
        let claims = claims.load(ordering: .relaxed)
        #expect(claims == 1)
        #expect(!table.remove(lastID))
      })
  }

  @Test("a request that blocks and stalls concurrently is observed once")
  func blockRacesStall() throws {
    let current = Monitor(pendingRequest())
    try race(
      rounds: 3000,
      prepare: { _ in
        let request = pendingRequest()
        current.withLock { $0 = request }
        return ({ request.didStall() }, { request.willBlock() })
      },
      check: { round in
        #expect(libfuse.state.withLock { $0.observed.count } == round + 1)
        #expect(current.withLock { $0.claim() })
      })
  }
}

@Suite(.boundedInTime) struct InterruptPolicyTests {
  /// A signal that is pending for a stopped process, and the policies that it triggers.
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let signal: Int32
    let isHandled: Bool
    let any: Bool
    let fatal: Bool

    var testDescription: String { "\(name), \(isHandled ? "handled" : "default action")" }

    static let all = [
      Case(name: "SIGTERM", signal: SIGTERM, isHandled: false, any: true, fatal: true),
      Case(name: "SIGTERM", signal: SIGTERM, isHandled: true, any: true, fatal: false),
      Case(name: "SIGUSR1", signal: SIGUSR1, isHandled: false, any: true, fatal: true),
      Case(name: "SIGUSR1", signal: SIGUSR1, isHandled: true, any: true, fatal: false),
      Case(name: "SIGWINCH", signal: SIGWINCH, isHandled: false, any: false, fatal: false),
      Case(name: "SIGWINCH", signal: SIGWINCH, isHandled: true, any: false, fatal: false),
      Case(name: "SIGURG", signal: SIGURG, isHandled: true, any: false, fatal: false),
    ]
  }

  @Test("a signal triggers the policies that it must", arguments: Case.all)
  func triggers(_ signal: Case) throws {
    let (input, output) = (try Pipe(), try Pipe())
    // The shell reports that its trap is set, and is then stopped, so that a signal stays pending.
    let trap = signal.isHandled ? "trap : \(signal.signal); " : ""
    let child = try ChildProcess(
      "/bin/sh", ["-c", "\(trap)echo; read line"], variables: [:],
      files: (input.reader.rawValue, output.writer.rawValue, 2))
    defer {
      child.signal(SIGKILL)
      #expect(child.wait(timeout: .seconds(60)) != nil)
    }
    var byte: UInt8 = 0
    #expect(unsafe read(output.reader.rawValue, &byte, 1) == 1)
    child.signal(SIGSTOP)
    var status: Int32 = 0
    #expect(unsafe waitpid(child.id, &status, WUNTRACED) == child.id)
    #expect(!InterruptPolicy.anySignal.isTriggered(by: child.id))
    child.signal(signal.signal)
    #expect(InterruptPolicy.anySignal.isTriggered(by: child.id) == signal.any)
    #expect(InterruptPolicy.fatalSignal.isTriggered(by: child.id) == signal.fatal)
    #expect(InterruptPolicy.fatalSignalWhileBlocked.isTriggered(by: child.id) == signal.fatal)
  }

  @Test("a caller in another pid namespace is interrupted by any signal and by no fatal one")
  func unknownThread() {
    #expect(InterruptPolicy.anySignal.isTriggered(by: 0))
    #expect(!InterruptPolicy.fatalSignal.isTriggered(by: 0))
  }
}
