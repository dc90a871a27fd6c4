import CASPlatform
import SystemPackage

extension Engine {
  /// Runs blocking work on a new thread, and suspends the task until it is done.
  ///
  /// The operations of a store block, and must not block a thread of Swift's cooperative pool. Cancelling the task cancels
  /// the token, and an operation with that token throws ``CASError/Code-swift.struct/cancelled``.
  ///
  /// - Parameter body: the work; called with this store and the token.
  /// - Returns: the result of `body`.
  /// - Throws: an error of `body`; EAGAIN if no thread can be started.
  public func run<Result: Sendable>(
    _ body: @escaping @Sendable (Self, CancellationToken) throws(CASError) -> Result
  ) async throws(CASError) -> Result {
    let token = CancellationToken()
    let outcome = await withTaskCancellationHandler {
      await withCheckedContinuation { (continuation: CheckedContinuation<Swift.Result<Result, CASError>, Never>) in
        do throws(Errno) {
          try Thread.start("casfs-async") {
            continuation.resume(
              returning: Swift.Result { () throws(CASError) in try body(self, token) })
          }
        } catch {
          continuation.resume(returning: .failure(CASError(error, OperationContext("start thread", on: uri))))
        }
      }
    } onCancel: {
      token.cancel()
    }
    return try outcome.get()
  }
}
