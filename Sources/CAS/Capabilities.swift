public import CASPlatform
public import OCI

/// A store that has its blobs in files, or in parts of files, which a mount can hand to the kernel.
public protocol FileBackedEngine: Engine {
  /// Opens a stored blob as a region of a file, verified like ``Engine/openBlob(_:cancellation:)``.
  ///
  /// - Returns: `nil` when this blob is in no file now; then ``Engine/openBlob(_:cancellation:)`` reads it.
  func blobFile(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> BlobFile?

  /// What the store knows about an opened blob now; another version than when it was opened says that the blob was
  /// changed, replaced or deleted since.
  func info(of file: BlobFile) throws(CASError) -> BlobInfo

  /// Whether opening the blob would not have to hash it, as far as can be told without looking at the store.
  ///
  /// - Parameter version: the state of the stored copy, as ``BlobInfo/version``, where it is known.
  func isProbablyVerified(_ digest: Digest, version: UInt64?) -> Bool
}

/// A store each of whose blobs is the whole of a file, which the kernel can read without the mount's daemon.
public protocol WholeFileEngine: FileBackedEngine {
  /// Whether the files are on a file system that is stacked on another, such as overlayfs: FUSE passthrough must be
  /// told.
  var isOnStackedFileSystem: Bool { get }
}

/// A blob as a region of an open file, which stays readable when the blob is deleted.
public struct BlobFile: Sendable {
  /// The open file.
  public var file: OpenFile
  /// Where the blob begins in it, in bytes.
  public var offset: Int64
  /// What the store knows about the blob in this file.
  public var info: BlobInfo

  /// Makes a region of its parts.
  public init(file: OpenFile, offset: Int64, info: BlobInfo) {
    self.file = file
    self.offset = offset
    self.info = info
  }
}

/// A blob in the making that is a file.
public protocol FileBackedStage: BlobStage {
  /// The file with the content; `nil` before the first write, and after the end of the stage. Who has it can read the
  /// content of a blob that was made of it when that is deleted.
  var file: OpenFile? { get }
}

/// A store on another machine: to ask it takes time, and it may be out of reach.
public protocol RemoteEngine: Engine {
  /// The names of all references, each once, without asking what they stand for.
  func listReferenceNames(cancellation: CancellationToken) throws(CASError) -> [ReferenceName]

  /// The references of these names, asked for at once; names that have none are left out.
  func references(
    named names: [ReferenceName], cancellation: CancellationToken
  ) throws(CASError) -> [Reference]

  /// Whether ``Engine/blobInfo(_:)`` would ask nobody, as far as can be told.
  func isKnown(_ digest: Digest) -> Bool
}

/// A store from which what nothing refers to can be removed while others work on it, which nobody outside can do:
/// between a look and a deletion a put of the same content, or a reference to it, may be acknowledged.
public protocol GarbageCollectable: Engine {
  /// Removes a blob that was last put before a moment.
  ///
  /// - Returns: whether it is not there now; `false` means that it is younger, or may be, and stays. How exactly stores
  ///   keep times is theirs.
  func deleteBlob(_ digest: Digest, ifUnchangedSince moment: Timestamp) throws(CASError) -> Bool

  /// Runs `body` with the index while nobody who locks the store, in this process or another, changes references, and
  /// none is lost in a power cut that was there.
  ///
  /// - Parameter body: reads and removes blobs, and must not change references.
  func withReferencesLocked<Result>(
    _ context: OperationContext, _ body: (ImageIndex) throws(CASError) -> Result
  ) throws(CASError) -> Result
}

/// A store that can hash what is stored anew, which reading does not when the outcome is remembered.
public protocol ContentVerifying: Engine {
  /// Hashes the stored copy of a blob, whatever is known about it.
  ///
  /// - Parameter progress: told how many of its bytes were hashed; when it throws, that ends the operation.
  /// - Throws: ``CASError/Code-swift.struct/corrupt`` when it is not what its digest says.
  func verifyBlob(
    _ digest: Digest, cancellation: CancellationToken, progress: (Int64) throws(CASError) -> Void
  ) throws(CASError)
}

/// A store in a place where there can be things that are no part of it.
public protocol PlacementChecking: Engine {
  /// Looks for what is no part of the store: ``StoreProblem/Kind/misplaced`` and ``StoreProblem/Kind/foreign``.
  func findForeignFiles(cancellation: CancellationToken, _ report: (StoreProblem) throws(CASError) -> Void)
    throws(CASError)
}

/// A store that knows how much room it has.
public protocol SpaceReporting: Engine {
  /// The space of the store's file system: `statfs(2)`.
  func space() throws(CASError) -> FileSystemStatistics
}

/// A store that tells when somebody else changes it.
public protocol ChangeReporting: Engine {
  /// Starts to watch the store; changes are reported until the watch is ended.
  ///
  /// - Parameter report: called by a thread of its own. A change of this process's making is reported too.
  /// - Returns: `nil` when changes of this store cannot be seen, as on a network file system.
  func watch(_ report: @escaping @Sendable (StoreChange) -> Void) throws(CASError) -> (any StoreWatch)?
}

/// A watch over a store.
public protocol StoreWatch: AnyObject, Sendable {
  /// Ends the watch; nothing is reported after it returns.
  func end()
}

/// What changed in a store.
public enum StoreChange: Hashable, Sendable {
  /// A stored copy was removed, replaced, added or written.
  case blob(Digest)
  /// References.
  case references
  /// More than can be told apart.
  case anything
}
