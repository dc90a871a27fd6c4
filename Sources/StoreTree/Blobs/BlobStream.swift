import CAS
import CASPlatform
import OCI
import SystemPackage

/// The names of the blobs of one algorithm, read from the store as they are asked for.
final class BlobStream: EntryStream {
  private let listing: any BlobListing
  private let algorithm: Digest.Algorithm
  private let tree: TreeContext
  private var ready: ArraySlice<DirectoryEntry> = []
  /// How many were handed over since the last time the next ones were got ready.
  private var taken = 0
  /// What went wrong when nobody was asking.
  private var failure: Errno?
  /// To get this many ready takes about as long as to wake another thread.
  private static let quickCount = 64

  init(_ listing: any BlobListing, _ algorithm: Digest.Algorithm, _ tree: TreeContext) {
    self.listing = listing
    self.algorithm = algorithm
    self.tree = tree
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

  /// Who asks takes about as many each time.
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

  /// Gets some more ready.
  ///
  /// - Returns: whether there are any.
  private func extend() throws(Errno) -> Bool {
    while true {
      let batch = try tree.errors.map(try listing.nextBatch())
      if batch.isEmpty { return false }
      let entries = batch.lazy.filter { $0.algorithm == self.algorithm }.map {
        DirectoryEntry(name: $0.hex, inode: Inode.blob($0), kind: .file)
      }
      ready.append(contentsOf: entries)
      if !ready.isEmpty { return true }
    }
  }
}
