import CAS
import CASPlatform
import OCI
import SystemPackage

/// Coalesces concurrent downloads of one digest into one (singleflight).
///
/// Each download has a thread of its own, so it continues when the caller that started it is cancelled.
final class DownloadCoalescer: Sendable {
  private final class Download: Sendable {
    let outcome = Monitor<Result<OpenFile?, CASError>?>(nil)
  }

  private let running = Monitor<[Digest: Download]>([:])
  private let stopToken = CancellationToken()

  /// Joins the running download of a digest, or starts one, and waits for its end.
  ///
  /// - Parameter fetch: downloads the content. Its token is cancelled by ``close()``, not by a caller.
  /// - Returns: a file that pins the content until it is closed, if there is one.
  /// - Throws: `CASError.Code.cancelled` when this caller is cancelled, `closed` after ``close()``, or the error of the
  ///   download.
  func run(
    _ digest: Digest, _ context: OperationContext,
    _ fetch: @escaping @Sendable (CancellationToken) throws(CASError) -> OpenFile?
  ) throws(CASError) -> OpenFile? {
    let (download, isFirst) = running.withLock { (running) -> (Download, Bool) in
      if let download = running[digest] { return (download, false) }
      let download = Download()
      running[digest] = download
      return (download, true)
    }
    if isFirst {
      let work: @Sendable () -> Void = { [self] in
        var outcome = Result { () throws(CASError) in try fetch(stopToken) }
        if stopToken.isCancelled, case .failure = outcome {
          outcome = .failure(.closed(context.on(digest)))
        }
        running.withLock { $0[digest] = nil }
        download.outcome.withLock { $0 = outcome }
      }
      do throws(Errno) {
        try Thread.start("casfs-download", work)
      } catch {
        work()
      }
    }
    while !download.outcome.wait(for: .milliseconds(20), until: { $0 != nil }) {
      try context.checkCancellation()
    }
    guard let outcome = download.outcome.withLock({ $0 }) else { return nil }
    do throws(CASError) {
      return try outcome.get()
    } catch {
      throw error.during(context)
    }
  }

  /// Cancels all downloads.
  func close() {
    stopToken.cancel()
  }
}
