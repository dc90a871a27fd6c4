public import CASPlatform
public import OCI
package import SystemPackage

/// A store whose blobs are in files, or in regions of files, which a mount can hand to the kernel.
public protocol FileBackedEngine: Engine {
  /// Opens a stored blob as a region of a file, verified like ``Engine/openBlob(_:cancellation:)``.
  ///
  /// - Returns: `nil` when this blob is not in a file now; then ``Engine/openBlob(_:cancellation:)`` reads it.
  /// - Throws: as ``Engine/openBlob(_:cancellation:)``.
  func blobFile(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> BlobFile?

  /// The metadata of an opened blob now. A version other than at the opening means that the blob was changed, replaced
  /// or deleted since.
  func info(of file: BlobFile) throws(CASError) -> BlobInfo

  /// Whether the blob could be opened without hashing it, as far as is known without asking the store.
  ///
  /// - Parameter version: the state of the stored copy, as ``BlobInfo/version``, where it is known.
  func isProbablyVerified(_ digest: Digest, version: UInt64?) -> Bool
}

/// A store that opens blobs without hashing them, for a caller that hashes them itself, or compares each part that it reads
/// with a digest of its own.
package protocol UncheckedReading: FileBackedEngine {
  /// Opens a stored blob as ``FileBackedEngine/blobFile(_:cancellation:)``, whose content may be other than its digest
  /// says.
  ///
  /// - Throws: as ``Engine/openBlob(_:cancellation:)``, but for its verification.
  func uncheckedBlobFile(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> BlobFile?

  /// Opens a stored blob as ``uncheckedBlobFile(_:cancellation:)``, for a caller that hashes all of it.
  ///
  /// - Throws: as ``uncheckedBlobFile(_:cancellation:)``.
  func delegateCheck(of digest: Digest, cancellation: CancellationToken) throws(CASError) -> DelegatedCheck?
}

/// A store in which each blob is a whole file, which the kernel can read without the mount's daemon (FUSE passthrough).
public protocol WholeFileEngine: FileBackedEngine {
  /// Whether the files are on a stacked file system, such as overlayfs, which FUSE passthrough has to know.
  var isOnStackedFileSystem: Bool { get }
}

/// A blob as a region of an open file, which stays readable when the blob is deleted.
public struct BlobFile: Sendable {
  /// The open file.
  public var file: OpenFile
  /// The offset of the blob in it, in bytes.
  public var offset: Int64
  /// The metadata of the blob in this file.
  public var info: BlobInfo

  /// Creates a region from its parts.
  public init(file: OpenFile, offset: Int64, info: BlobInfo) {
    self.file = file
    self.offset = offset
    self.info = info
  }
}

/// A stage whose content is in a file.
public protocol FileBackedStage: BlobStage {
  /// The file with the content; `nil` before the first write, and after the end of the stage. It remains readable when
  /// the blob that it became is deleted.
  var file: OpenFile? { get }
}

/// A stage that hashes its content while it is written, unless it is asked not to.
package protocol EagerHashingStage: BlobStage {
  /// Leaves the hashing to the commit, for content that probably never becomes a blob. It is not written to the disk before
  /// either.
  func deferHashing()
}

/// A stage that another program of the process can go on with.
package protocol TransferableStage: BlobStage {
  /// The state of the stage. Nothing may be changed through it after that.
  var stagedContent: StagedContent { get }
}

/// The content of a stage while its process changes its program.
package struct StagedContent: Sendable {
  /// The algorithm of the digest that the content will have.
  package var algorithm: Digest.Algorithm
  /// The length in bytes.
  package var size: Int64
  /// The file with the content; `nil` before the first change.
  package var file: OpenFile?
  /// The temporary name of that file; `nil` if it has none.
  package var name: String?
  /// The failure because of which the content cannot be published.
  package var failure: Errno?

  /// Creates a state from its parts.
  package init(
    algorithm: Digest.Algorithm, size: Int64, file: OpenFile?, name: String? = nil, failure: Errno? = nil
  ) {
    (self.algorithm, self.size, self.file) = (algorithm, size, file)
    (self.name, self.failure) = (name, failure)
  }
}

/// A store whose stages outlive the program of their process.
package protocol StageTransferring: Engine {
  /// Goes on with a stage of the program before.
  func resumeStage(_ content: StagedContent) throws(CASError) -> any BlobStage
}

/// A store on another machine: requests take time, and it may be unreachable.
public protocol RemoteEngine: Engine {
  /// Returns the names of all references, each once, without fetching their descriptors.
  ///
  /// - Throws: ``CASError/Code-swift.struct/notFound`` also for a store that the first put creates.
  func listReferenceNames(cancellation: CancellationToken) throws(CASError) -> [ReferenceName]

  /// Looks up the references of several names concurrently.
  ///
  /// - Returns: for each name, in the same order, its descriptor or the error of this name alone, which is
  ///   ``CASError/Code-swift.struct/notFound`` for a name without a reference.
  /// - Throws: the error of a store that cannot be reached.
  func references(
    named names: [ReferenceName], cancellation: CancellationToken
  ) throws(CASError) -> [ReferenceLookup]

  /// Whether the store was unreachable within the last seconds, so that an error is not of one blob or reference alone.
  var isUnreachable: Bool { get }

  /// Whether ``Engine/blobInfo(_:)`` probably needs no request.
  func isKnown(_ digest: Digest) -> Bool

  /// Returns the properties of a blob that the store itself has, and not only a mirror that it is read through.
  func storedBlobInfo(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> BlobInfo
}

extension RemoteEngine {
  /// ``Engine/blobInfo(_:cancellation:)``, for a store without mirrors.
  public func storedBlobInfo(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> BlobInfo {
    try blobInfo(digest, cancellation: cancellation)
  }
}

/// A store that can collect garbage while others write.
///
/// This cannot be built on ``Engine/deleteBlob(_:)``: a put or a reference that is acknowledged between the reachability
/// check and the deletion would be lost.
public protocol GarbageCollectable: Engine {
  /// Deletes a blob unless it was put since a moment.
  ///
  /// - Returns: whether the blob is absent now; `false` if it is, or may be, younger and stays. The resolution of its time
  ///   depends on the store.
  func deleteBlob(_ digest: Digest, ifUnchangedSince moment: Timestamp) throws(CASError) -> Bool

  /// Runs `body` with the index while the references are locked against changes by this and other processes.
  ///
  /// The references in the index are durable before `body` runs, so that none of them is lost in a power cut after blobs
  /// were deleted by it.
  ///
  /// - Parameter body: may read and delete blobs, and must not change references: it would wait for itself.
  func withReferencesLocked<Result>(
    _ context: OperationContext, _ body: (ImageIndex) throws(CASError) -> Result
  ) throws(CASError) -> Result
}

/// A store that can hash a stored copy again. Reading does not, while it remembers the result of the last time.
public protocol ContentVerifying: Engine {
  /// Hashes the stored copy of a blob, even if it was verified before.
  ///
  /// - Parameter progress: called with the number of bytes that were hashed; an error that it throws ends the operation.
  /// - Throws: ``CASError/Code-swift.struct/corrupt`` if the content has another digest;
  ///   ``CASError/Code-swift.struct/notFound``.
  func verifyBlob(
    _ digest: Digest, cancellation: CancellationToken, progress: (Int64) throws(CASError) -> Void
  ) throws(CASError)
}

/// A store whose file system can protect content from every change: fs-verity.
///
/// The kernel lets nobody write a sealed file, and compares each page that it reads from the disk with a digest.
public protocol BlobSealing: Engine {
  /// Fails unless blobs of this store can be sealed.
  ///
  /// - Throws: ``CASError/Code-swift.struct/notImplemented`` if the kernel or the file system has no fs-verity.
  func checkSealing() throws(CASError)

  /// Verifies a stored blob, and seals its file. A blob that is sealed is not read.
  ///
  /// - Returns: whether it was not sealed before.
  /// - Throws: ``CASError/Code-swift.struct/corrupt``; ``CASError/Code-swift.struct/notFound``; `io` with ETXTBSY while a
  ///   process has the file open for writing.
  func sealBlob(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> Bool
}

/// A store in a place that can also contain files that do not belong to it.
public protocol PlacementChecking: Engine {
  /// Reports files that do not belong to the store, or not in this form: ``StoreProblem/Kind/misplaced``,
  /// ``StoreProblem/Kind/foreign`` and ``StoreProblem/Kind/unusual``.
  func findForeignFiles(cancellation: CancellationToken, _ report: (StoreProblem) throws(CASError) -> Void)
    throws(CASError)
}

/// A store that knows its free space.
public protocol SpaceReporting: Engine {
  /// The space of the store's file system: `statfs(2)`.
  func space() throws(CASError) -> FileSystemStatistics
}

/// A store that reports changes by other processes.
public protocol ChangeReporting: Engine {
  /// Starts to watch the store. Changes are reported until ``StoreWatch/end()``.
  ///
  /// - Parameter report: called on a thread of the watch, also for changes by this process.
  /// - Returns: `nil` if changes of this store cannot be observed, as on a network file system.
  func watch(_ report: @escaping @Sendable (StoreChange) -> Void) throws(CASError) -> (any StoreWatch)?
}

/// A running watch of a store.
public protocol StoreWatch: AnyObject, Sendable {
  /// Ends the watch; nothing is reported after it returns.
  func end()
}

/// A change of a store.
public enum StoreChange: Hashable, Sendable {
  /// A stored copy was removed, replaced or written. A blob that was not stored before is not reported.
  case blob(Digest)
  /// References changed.
  case references
  /// Changes that were too many to report each.
  case anything
}
