import CAS
import CASPlatform
import SystemPackage

/// The lock on the references of a store: `flock(2)` on the root directory among processes and engines, and a FIFO
/// queue among the threads of one engine, since polling `flock(2)` is not fair.
final class StoreLock: Sendable {
  /// The file that is locked where the file system cannot lock directories.
  static let fileName = ".casfs-lock"

  private struct Queue {
    var nextTicket = 0
    var waiting: [Int] = []
  }

  private let root: OpenFile
  private let queue = Monitor(Queue())

  init(_ root: OpenFile) {
    self.root = root
  }

  /// Runs `body` with the lock held.
  ///
  /// - Throws: `CASError.Code.cancelled` if the wait is cancelled; `CASError.Code.io(_:)` if neither the directory nor
  ///   the lock file can be locked; the error of `body`.
  func withLock<Result>(
    _ context: OperationContext, _ body: () throws(CASError) -> Result
  ) throws(CASError) -> Result {
    let ticket = queue.withLock { (queue) in
      queue.nextTicket += 1
      queue.waiting.append(queue.nextTicket)
      return queue.nextTicket
    }
    defer { queue.withLock { $0.waiting.removeAll { $0 == ticket } } }
    while !queue.wait(for: .milliseconds(20), until: { $0.waiting.first == ticket }) {
      try context.checkCancellation()
    }
    let lock = try acquire(context)
    return try withExtendedLifetime(lock) { () throws(CASError) in try body() }
  }

  /// Acquires the lock of the processes; it belongs to the returned open file and ends with it.
  private func acquire(_ context: OperationContext) throws(CASError) -> OpenFile {
    var pollInterval = Duration.milliseconds(1)
    var usesFile = false
    while true {
      try context.checkCancellation()
      do throws(Errno) {
        // A new open file each time, as `flock(2)` does not exclude users of the same one.
        let file = usesFile ? try openLockFile() : try root.openBeneath(".", [.readOnly, .directory])
        while try !file.tryLock(.exclusive) {
          if context.cancellation.isCancelled { throw .interrupted }
          Thread.sleep(for: pollInterval)
          pollInterval = min(pollInterval * 2, .milliseconds(20))
        }
        return file
      } catch {
        if error == .interrupted { continue }
        guard error.isLockingUnsupported else { throw CASError(error, context, file: "the lock") }
        guard !usesFile else {
          // Without a lock, concurrent changes of the references would be lost.
          throw CASError(
            .io(error), context, cause: "file system without locks (flock): \(error)", underlyingError: error)
        }
        usesFile = true
      }
    }
  }

  private func openLockFile() throws(Errno) -> OpenFile {
    do throws(Errno) {
      return try root.openBeneath(Self.fileName, [.readWrite, .createNew], mode: 0o644)
    } catch {
      guard error == .fileExists else { throw error }
      return try root.openBeneath(Self.fileName, [.readWrite, .nonBlocking])
    }
  }
}
