import CAS
import CASPlatform
import Logging
import OCI
import SystemPackage

/// The names of the blobs of one algorithm, read from the store in batches.
final class BlobStream: EntryStream {
  private let listing: any BlobListing
  private let algorithm: Digest.Algorithm
  private let shared: TreeContext
  /// Blobs that the reader removed, and that are still stored.
  private let hidden: Set<Digest>
  private var ready: ArraySlice<DirectoryEntry> = []
  /// How many entries the reader took since the last read-ahead.
  private var taken = 0
  /// The error of a read-ahead, for the next call.
  private var failure: Errno?
  /// The largest read-ahead that does not block. Reading 64 names takes about as long as waking a thread.
  private static let quickCount = 64

  init(_ listing: any BlobListing, _ algorithm: Digest.Algorithm, _ shared: TreeContext, hidden: Set<Digest>) {
    self.hidden = hidden
    self.listing = listing
    self.algorithm = algorithm
    self.shared = shared
  }

  func next() throws(Errno) -> DirectoryEntry? {
    if ready.isEmpty {
      if let failure {
        self.failure = nil
        throw failure
      }
      guard try extend() else { return nil }
    }
    taken += 1
    return ready.popFirst()
  }

  /// Reads as many entries as the reader took last time: it takes about as many each time.
  func readAhead(willBlock: () -> Void) {
    defer { taken = 0 }
    guard ready.count < taken, failure == nil else { return }
    if taken > Self.quickCount { willBlock() }
    do throws(Errno) {
      while ready.count < taken, try extend() {}
    } catch {
      failure = error
    }
  }

  /// Reads the next batch with entries of this algorithm.
  ///
  /// - Returns: `false` at the end of the listing.
  private func extend() throws(Errno) -> Bool {
    while true {
      let batch = try shared.errors.map(try listing.nextBatch())
      if batch.isEmpty {
        // The reference or manifest that cannot be read has the error.
        if let failure = listing.failure { shared.logger.warning("blobs are left out of a listing: \(failure)") }
        return false
      }
      let entries = batch.lazy.filter { $0.algorithm == self.algorithm && !self.hidden.contains($0) }.map {
        DirectoryEntry(name: $0.hex, inode: Inode.blob($0), kind: .file)
      }
      ready.append(contentsOf: entries)
      if !ready.isEmpty { return true }
    }
  }
}
