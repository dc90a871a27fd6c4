import ArgumentParser
import CAS
import CASPlatform
import Logging
import OCI

/// `casfs seal`: lets the kernel protect blobs.
struct Seal: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Let the kernel protect blobs: fs-verity.",
    discussion: """
      Verifies each blob that is not sealed, and seals it: the kernel lets nobody change its content from then on, and \
      checks each page that it reads from the disk. Prints the digest of each blob that was sealed.
      """)

  @OptionGroup var target: StoreArgument

  func run() throws {
    let engine = try target.open()
    defer { engine.close() }
    let store = try Self.checkStore(engine)
    try store.checkSealing()
    var output = Output()
    var bar = ProgressBar(total: nil, of: .blobs, isEnabled: !StandardStream.output.isTerminal)
    defer { bar.clear() }
    var (examined, failed) = (0, 0)
    try store.forEachBlob { (digest) throws(CASError) in
      do throws(CASError) {
        if try store.sealBlob(digest, cancellation: .none) {
          try output.line(digest.description)
          // Blobs that are sealed are printed, whatever ends the command later.
          try output.flush()
        }
      } catch {
        // Another process removed it meanwhile.
        if error.code == .notFound { return }
        guard error.subject.sameBytes(as: digest.description) else { throw error }
        bar.clear()
        Logger(label: "casfs").warning("\(error)")
        failed += 1
      }
      examined += 1
      bar.update(Int64(examined))
    }
    bar.clear()
    guard failed == 0 else {
      throw CASError(
        .invalid, operation: "seal blobs", subject: target.store,
        cause: failed == 1 ? "a blob is not sealed" : "\(failed) blobs are not sealed")
    }
  }

  /// The store, if its blobs are in files that can be sealed.
  @discardableResult static func checkStore(_ engine: any Engine) throws(CASError) -> any BlobSealing {
    guard let store = engine as? any BlobSealing else {
      throw CASError(
        .notImplemented, operation: "seal blobs", subject: engine.uri,
        cause: "only a store in a directory can be sealed")
    }
    return store
  }
}
