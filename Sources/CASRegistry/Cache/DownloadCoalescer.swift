import CAS
import CASPlatform
import OCI
import SystemPackage

/// Coalesces concurrent downloads of one digest into one (singleflight).
///
/// Each download has a thread of its own, so it continues when the caller that started it is cancelled.
final class DownloadCoalescer: Sendable {
  private let flights = Singleflight<Digest, Result<OpenFile?, CASError>>()
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
    let outcome = try flights.value(for: digest, context, threadName: "casfs-download") { [stopToken] in
      let outcome = Result { () throws(CASError) in try fetch(stopToken) }
      if stopToken.isCancelled, case .failure = outcome { return .failure(.closed(context.on(digest))) }
      return outcome
    }
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
