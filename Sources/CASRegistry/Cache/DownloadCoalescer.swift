import CAS
import CASPlatform
import OCI
import SystemPackage

/// The downloads under way: each digest's is made once for all who want it, and goes on when who asked first gives up.
final class DownloadCoalescer: Sendable {
  private final class Download: Sendable {
    let outcome = Monitor<Result<OpenFile?, CASError>?>(nil)
  }

  private let running = Monitor<[Digest: Download]>([:])
  private let stopToken = CancellationToken()

  /// Waits until a digest's content is there.
  ///
  /// - Parameter fetch: gets it; run by a thread of its own, with a token that ends all downloads. What it returns keeps
  ///   the content from going again.
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

  /// Ends all downloads.
  func close() {
    stopToken.cancel()
  }
}
