import CAS
import CASPlatform
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import FUSE

/// A worker pool that reads closures from a queue, as a session reads requests from `/dev/fuse`.
private final class TestPool: Sendable {
  struct Request: Sendable {
    var keepsLead = false
    let body: @Sendable (Worker) -> Void
  }

  struct State: Sendable {
    var queue: [Request] = []
    var isClosed = false
    var readers = 0
    var mostReaders = 0
    var answered = 0
    var started = 0
    var running = 0
    var trims = 0
    var workLeft = 0
    var hasEnded = false
  }

  let pool: WorkerPool
  let state = Monitor(State())

  init(threadLimit: Int = 256, followerLimit: Int = 3) throws {
    pool = WorkerPool(threadLimit: threadLimit, followerLimit: followerLimit)
    try pool.start(trimming: { [self] in trim() }) { [self] (worker) in work(worker) }
  }

  private func trim() -> Bool {
    state.withLock { state in
      state.trims += 1
      guard state.workLeft > 0 else { return false }
      state.workLeft -= 1
      return true
    }
  }

  private func work(_ worker: Worker) {
    state.withLock {
      $0.started += 1
      $0.running += 1
    }
    defer { state.withLock { $0.running -= 1 } }
    while pool.becomeLeader(worker) {
      while worker.isLeading {
        guard let request = read() else { return pool.end() }
        pool.beginRequest(worker, keepsLead: request.keepsLead)
        request.body(worker)
        worker.endRequest()
        state.withLock { $0.answered += 1 }
      }
    }
  }

  private func read() -> Request? {
    state.withLock {
      $0.readers += 1
      $0.mostReaders = max($0.mostReaders, $0.readers)
    }
    return state.wait(
      until: { !$0.queue.isEmpty || $0.isClosed },
      then: {
        $0.readers -= 1
        return $0.queue.isEmpty ? nil : $0.queue.removeFirst()
      })
  }

  /// Queues a request.
  ///
  /// - Parameter keepsLead: the stall monitor leaves it alone, however slow the machine is.
  func submit(keepsLead: Bool = false, _ body: @escaping @Sendable (Worker) -> Void) {
    state.withLock { $0.queue.append(Request(keepsLead: keepsLead, body: body)) }
  }

  /// Queues a request that promotes a follower and then blocks.
  func submitBlocking(at gate: Gate) {
    submit(keepsLead: true) { [pool] _ in
      pool.promoteFollower()
      gate.pass()
    }
  }

  func waits(for condition: (State) -> Bool) -> Bool { state.waits(for: condition) }

  /// Ends the pool once the queue is empty, and waits for its threads.
  func end() {
    state.withLock { $0.isClosed = true }
    pool.waitUntilEnded()
  }
}

@Suite(.boundedInTime) struct WorkerPoolTests {
  @Test("the leader answers fast requests on one thread, in order")
  func inline() throws {
    let test = try TestPool()
    let order = Monitor<[Int]>([])
    for number in 0..<1000 { test.submit(keepsLead: true) { _ in order.withLock { $0.append(number) } } }
    #expect(test.waits { $0.answered == 1000 })
    #expect(order.withLock { $0 } == Array(0..<1000))
    #expect(test.state.withLock { $0.started } == 1)
    test.end()
  }

  @Test("a thread that is about to block promotes a follower, which answers the next request")
  func promotes() throws {
    let test = try TestPool()
    let gate = Gate()
    test.submitBlocking(at: gate)
    #expect(gate.holds(1))
    test.submit(keepsLead: true) { _ in }
    #expect(test.waits { $0.answered == 1 })
    #expect(test.pool.isBusy)
    gate.open()
    #expect(test.waits { $0.answered == 2 })
    test.end()
  }

  @Test("a thread that has blocked becomes a follower, and no new one is started for the next request that blocks")
  func reuses() throws {
    let test = try TestPool()
    for count in 1...20 {
      let gate = Gate()
      test.submitBlocking(at: gate)
      #expect(gate.holds(1))
      gate.open()
      #expect(test.waits { $0.answered == count && $0.readers == 1 })
      // Not busy: the thread waits for the lead again.
      while test.pool.isBusy { sched_yield() }
    }
    #expect(test.state.withLock { $0.started } == 2)
    test.end()
  }

  @Test("promoting twice hands the lead on once")
  func promotesTwice() throws {
    let test = try TestPool()
    let gate = Gate()
    test.submit(keepsLead: true) { [pool = test.pool] (worker) in
      pool.promoteFollower()
      #expect(!worker.isLeading)
      pool.promoteFollower()
      gate.pass()
    }
    #expect(gate.holds(1))
    test.submit(keepsLead: true) { _ in }
    #expect(test.waits { $0.answered == 1 })
    gate.open()
    test.end()
    #expect(test.state.withLock { $0.mostReaders } == 1)
  }

  @Test("a request that blocks without notice loses the lead")
  func stalls() throws {
    let test = try TestPool()
    let gate = Gate()
    test.submit { _ in gate.pass() }
    #expect(gate.holds(1))
    test.submit(keepsLead: true) { _ in }
    #expect(test.waits { $0.answered == 1 })
    gate.open()
    #expect(test.waits { $0.answered == 2 })
    test.end()
  }

  @Test("each of many concurrent stalls loses the lead")
  func manyStalls() throws {
    let test = try TestPool()
    let gate = Gate()
    for _ in 0..<20 { test.submit { _ in gate.pass() } }
    #expect(gate.holds(20))
    test.submit(keepsLead: true) { _ in }
    #expect(test.waits { $0.answered == 1 })
    gate.open()
    #expect(test.waits { $0.answered == 21 })
    test.end()
    #expect(test.state.withLock { $0.mostReaders } == 1)
  }

  @Test("a FUSE_RELEASE keeps the lead, however long it takes")
  func keepsLead() throws {
    let test = try TestPool()
    let isLeading = Atomic(false)
    test.submit(keepsLead: true) { (worker) in
      // Ten periods of the stall monitor.
      usleep(20_000)
      isLeading.store(worker.isLeading, ordering: .relaxed)
    }
    #expect(test.waits { $0.answered == 1 })
    test.end()
    let wasLeading = isLeading.load(ordering: .relaxed)
    #expect(wasLeading)
  }

  @Test("one thread reads at a time, and each request is answered once, whichever of them block")
  func oneLeader() throws {
    let test = try TestPool()
    let answers = Monitor<[Int: Int]>([:])
    let count = 2000
    for number in 0..<count {
      test.submit(keepsLead: number.isMultiple(of: 3)) { [pool = test.pool] _ in
        if number.isMultiple(of: 2) { pool.promoteFollower() }
        if number.isMultiple(of: 50) { usleep(5000) }
        answers.withLock { $0[number, default: 0] += 1 }
      }
    }
    #expect(test.waits { $0.answered == count })
    #expect(answers.withLock { $0 } == Dictionary(uniqueKeysWithValues: (0..<count).map { ($0, 1) }))
    test.end()
    #expect(test.state.withLock { $0.mostReaders } == 1)
  }

  @Test("at the thread limit a request waits for a thread that finishes")
  func threadLimit() throws {
    let test = try TestPool(threadLimit: 4)
    let gate = Gate()
    for _ in 0..<6 { test.submitBlocking(at: gate) }
    #expect(gate.holds(4))
    test.state.withLock {
      #expect($0.started == 4)
      #expect($0.queue.count == 2)
    }
    gate.open()
    #expect(test.waits { $0.answered == 6 })
    test.end()
    #expect(test.state.withLock { $0.started } == 4)
  }

  @Test("256 requests can block, and then all threads but the leader and three followers end")
  func defaultLimits() throws {
    let test = try TestPool()
    let gate = Gate()
    for _ in 0..<300 { test.submitBlocking(at: gate) }
    #expect(gate.holds(256))
    #expect(test.state.withLock { $0.queue.count } == 44)
    gate.open()
    #expect(test.waits { $0.answered == 300 })
    #expect(test.waits { $0.running == 4 })
    test.end()
    #expect(test.state.withLock { $0.running } == 0)
  }

  @Test("the end waits for every request")
  func ends() throws {
    let test = try TestPool()
    let gate = Gate()
    for _ in 0..<3 { test.submitBlocking(at: gate) }
    #expect(gate.holds(3))
    try Thread.start("end") {
      test.end()
      test.state.withLock { $0.hasEnded = true }
    }
    // The leader has ended the pool, the three others have not finished.
    #expect(test.waits { $0.running == 3 })
    #expect(!test.state.withLock { $0.hasEnded })
    gate.open()
    #expect(test.waits { $0.hasEnded })
    #expect(test.state.withLock { $0.answered } == 3)
  }

  @Test("caches are trimmed twice after the last request")
  func trims() throws {
    let test = try TestPool()
    test.submit { _ in }
    #expect(test.waits { $0.trims >= 2 })
    test.end()
  }

  @Test("W10: passes go on without requests while one has left work")
  func trimsAgain() throws {
    let test = try TestPool()
    test.state.withLock { $0.workLeft = 3 }
    test.submit { _ in }
    #expect(test.waits { $0.trims >= 4 })
    #expect(test.state.withLock { $0.workLeft } == 0)
    test.end()
  }

  @Test("the leader reuses a pending request until another thread can hold it")
  func reusesPendingRequest() throws {
    let test = try TestPool()
    let table = InterruptTable(FakeLibfuse().hooks)
    let seen = Monitor<[PendingRequest]>([])
    func submit(_ number: Int, blocks: Bool = false) {
      test.submit(keepsLead: true) { [pool = test.pool] _ in
        let hooks = unsafe pool.hooks(for: FakeLibfuse.request(number), thread: 0, .anySignal, table)
        if blocks { hooks.willBlock() }
        #expect(hooks.request.claim())
        seen.withLock { $0.append(hooks.request) }
      }
    }
    submit(1)
    submit(2)
    submit(3, blocks: true)
    #expect(test.waits { $0.answered == 3 })
    submit(4)
    submit(5)
    #expect(test.waits { $0.answered == 5 })
    test.end()
    let requests = seen.withLock { $0 }
    #expect(requests[0] === requests[1] && requests[1] === requests[2])
    #expect(requests[2] !== requests[3])
    #expect(requests[3] === requests[4])
  }

  @Test("a signal interrupts a request that blocks without notice")
  func stalledRequestIsInterrupted() throws {
    let test = try TestPool()
    let libfuse = FakeLibfuse()
    let table = InterruptTable(libfuse.hooks)
    let gate = Gate()
    test.submit { [pool = test.pool] _ in
      let hooks = unsafe pool.hooks(for: FakeLibfuse.request(1), thread: 0, .anySignal, table)
      gate.pass()
      #expect(hooks.request.cancellation.isCancelled)
      #expect(!hooks.request.claim())
    }
    #expect(libfuse.state.waits { $0.observed == [1] })
    table.didSignal(1)
    #expect(libfuse.state.waits { $0.replies == [.init(request: 1, error: EINTR)] })
    gate.open()
    #expect(test.waits { $0.answered == 1 })
    test.end()
  }
}

@Suite struct WorkerTests {
  @Test("the lead is retaken only from a worker at the same request")
  func retakes() {
    let worker = Worker()
    worker.startLeading()
    #expect(!Worker.isAnswering(worker.progress))
    worker.beginRequest()
    let first = worker.progress
    #expect(Worker.isAnswering(first))
    worker.endRequest()
    worker.beginRequest()
    #expect(!worker.retakeLead(ifStillAt: first).isRetaken)
    #expect(worker.isLeading)
    #expect(worker.retakeLead(ifStillAt: worker.progress).isRetaken)
    #expect(!worker.isLeading)
    #expect(!worker.giveUpLead())
  }

  @Test("either the worker or the stall monitor ends its lead, not both")
  func race() throws {
    let worker = Worker()
    let ends = Atomic(0)
    try FUSETests.race(
      rounds: 2000,
      prepare: { _ in
        worker.startLeading()
        worker.beginRequest()
        let progress = worker.progress
        ends.store(0, ordering: .relaxed)
        return (
          { if worker.giveUpLead() { ends.add(1, ordering: .relaxed) } },
          { if worker.retakeLead(ifStillAt: progress).isRetaken { ends.add(1, ordering: .relaxed) } }
        )
      },
      check: { _ in
        let ends = ends.load(ordering: .relaxed)
        #expect(ends == 1)
        worker.endRequest()
      })
  }
}
