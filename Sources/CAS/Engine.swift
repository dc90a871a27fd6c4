public import CASPlatform
public import OCI

/// A content-addressable store of blobs and of references to them: umoci's `cas.Engine`.
///
/// All operations block, and any number of threads may call them concurrently. After ``close()`` they throw
/// ``CASError/Code-swift.struct/closed``.
public protocol Engine: AnyObject, Sendable {
  /// The URI that opens this store, in the driver's canonical form.
  var uri: String { get }

  /// The name of the driver, as in `dir`.
  var driverName: String { get }

  /// Whether blobs and references can be put and deleted.
  var isWritable: Bool { get }

  /// Creates a stage, to which the content of a new blob is written.
  ///
  /// - Parameter algorithm: the digest algorithm of the new blob.
  /// - Parameter base: a stored blob whose content is copied to the stage; `nil` creates an empty one.
  /// - Throws: EROFS if the store is read-only; ``CASError/Code-swift.struct/notFound`` if `base` is not stored.
  func stageBlob(algorithm: Digest.Algorithm, copying base: Digest?) throws(CASError) -> any BlobStage

  /// Opens a stored blob for reading.
  ///
  /// The content is hashed first, as the ``Verification`` of the store says. A reader remains usable when the blob is
  /// deleted.
  ///
  /// - Throws: ``CASError/Code-swift.struct/notFound``; ``CASError/Code-swift.struct/corrupt`` if the content has another
  ///   digest; ``CASError/Code-swift.struct/invalid`` if something other than a blob has its place;
  ///   ``CASError/Code-swift.struct/cancelled``.
  func openBlob(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> any BlobReader

  /// Returns the metadata of a blob, without reading its content.
  ///
  /// - Throws: ``CASError/Code-swift.struct/notFound``; ``CASError/Code-swift.struct/cancelled``.
  func blobInfo(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> BlobInfo

  /// Starts a listing of the stored blobs, in an order that is the same in each process that opens the store.
  func listBlobs() throws(CASError) -> any BlobListing

  /// Deletes a blob; success means that it is absent now.
  func deleteBlob(_ digest: Digest) throws(CASError)

  /// Returns the part of a descriptor that the store keeps. By default a store keeps all of it.
  func storable(_ descriptor: Descriptor) -> Descriptor

  /// Stores a reference: a name for a descriptor.
  ///
  /// Putting the same descriptor again succeeds. If several callers put different descriptors under one name concurrently
  /// and without `replacing`, exactly one succeeds.
  ///
  /// - Parameter replacing: whether a different descriptor of that name is replaced.
  /// - Throws: ``CASError/Code-swift.struct/clobber`` if a different descriptor has the name.
  func putReference(
    _ descriptor: Descriptor, named name: ReferenceName, replacing: Bool, cancellation: CancellationToken
  ) throws(CASError)

  /// Checks that a put can give a descriptor this name. By default, names that exist and names of the grammar are accepted.
  ///
  /// - Throws: ``CASError/Code-swift.struct/invalid`` if the store cannot have the name.
  func checkNewReference(named name: ReferenceName) throws(CASError)

  /// Returns the descriptor of a name.
  ///
  /// - Throws: ``CASError/Code-swift.struct/notFound``; ``CASError/Code-swift.struct/invalid`` if the entry of that name is
  ///   malformed.
  func reference(named name: ReferenceName) throws(CASError) -> Descriptor

  /// Returns all references, each name once, in the store's order.
  func listReferences() throws(CASError) -> [Reference]

  /// Deletes a reference; success means that it is absent now.
  func deleteReference(named name: ReferenceName, cancellation: CancellationToken) throws(CASError)

  /// Renames a reference atomically.
  ///
  /// - Parameter replacing: whether a reference with the new name is replaced.
  /// - Throws: ``CASError/Code-swift.struct/notFound``; ``CASError/Code-swift.struct/clobber`` if the new name is taken,
  ///   even by the same descriptor.
  func moveReference(
    named name: ReferenceName, to other: ReferenceName, replacing: Bool, cancellation: CancellationToken
  ) throws(CASError)

  /// Applies the changes that a writer made to an index to the store's, which may have changed since the writer read it:
  /// see `IndexMerge`.
  ///
  /// - Parameter refusesConflicts: whether nothing is changed if a name has moved since the writer read it.
  /// - Returns: the names that another writer moved meanwhile, and that this change moved again.
  /// - Throws: ``CASError/Code-swift.struct/clobber`` for a refused conflict.
  func changeIndex(
    _ change: IndexChange, refusesConflicts: Bool, cancellation: CancellationToken
  ) throws(CASError) -> [IndexMerge.Conflict]

  /// Returns the index of the store, as an image layout has it: every reference, and entries without a name.
  func index() throws(CASError) -> ImageIndex

  /// Deletes the temporary files of abandoned operations: never a blob, a reference, a foreign file, or a temporary file
  /// whose writer is alive.
  ///
  /// - Returns: the number of files that were deleted.
  func clean(cancellation: CancellationToken) throws(CASError) -> Int

  /// Closes the store; later calls have no effect. Open readers remain usable.
  func close()
}

extension Engine {
  /// The whole descriptor.
  public func storable(_ descriptor: Descriptor) -> Descriptor { descriptor }
}

/// An open blob. Its content does not change, and it remains readable when the blob is deleted or the store closed.
public protocol BlobReader: AnyObject, Sendable {
  /// The digest of the blob.
  var digest: Digest { get }

  /// The length of the blob in bytes.
  var size: Int64 { get }

  /// Reads from an offset, in bytes, until the buffer is full or the blob ends.
  ///
  /// - Returns: the number of bytes that were read; less than the length of the buffer only at the end.
  /// - Throws: ``CASError/Code-swift.struct/invalid`` if the offset is negative; `io`.
  func read(into buffer: inout MutableSpan<UInt8>, at offset: Int64) throws(CASError) -> Int
}

/// A stage: the content of a new blob, which can be written at any offset, read and truncated until it is committed.
///
/// It is invisible in the store until ``commit(expecting:cancellation:)`` succeeds. A stage that is released before is
/// discarded. Concurrent calls on one stage are serialised.
public protocol BlobStage: AnyObject, Sendable {
  /// The current length in bytes.
  var size: Int64 { get }

  /// Writes bytes at an offset; a gap before them is filled with zeros.
  func write(_ bytes: Span<UInt8>, at offset: Int64) throws(CASError)

  /// Reads from an offset, in bytes, until the buffer is full or the content ends.
  ///
  /// - Returns: the number of bytes that were read.
  func read(into buffer: inout MutableSpan<UInt8>, at offset: Int64) throws(CASError) -> Int

  /// Sets the length in bytes: truncates the content, or extends it with zeros.
  func truncate(to size: Int64) throws(CASError)

  /// Writes the current content out, so that an error of the disk shows, and the commit takes less time. Content is durable
  /// only once it is committed.
  func writeOut() throws(CASError)

  /// Publishes the content as a blob, durably, and ends the stage.
  ///
  /// Committing content that is stored already succeeds; a corrupt stored copy is replaced.
  ///
  /// - Throws: ``CASError/Code-swift.struct/mismatch`` if the content is not what was expected. Nothing is stored then, and
  ///   the stage remains usable.
  func commit(
    expecting expectation: BlobExpectation, cancellation: CancellationToken
  ) throws(CASError) -> BlobAddress

  /// Discards the content, and ends the stage.
  func discard()
}

/// The address and length of a blob.
public struct BlobAddress: Hashable, Sendable {
  /// The digest of the content.
  public let digest: Digest
  /// The length in bytes.
  public let size: Int64

  /// Creates an address from its parts.
  public init(digest: Digest, size: Int64) {
    self.digest = digest
    self.size = size
  }
}

/// The digest and length that a caller expects of new content; `nil` is not checked.
public struct BlobExpectation: Hashable, Sendable {
  /// The expected digest.
  public var digest: Digest?
  /// The expected length in bytes.
  public var size: Int64?

  /// Creates an expectation.
  public init(digest: Digest? = nil, size: Int64? = nil) {
    self.digest = digest
    self.size = size
  }

  /// Throws if the address of new content is not the expected one.
  ///
  /// - Throws: ``CASError/Code-swift.struct/mismatch``.
  public func check(_ address: BlobAddress) throws(CASError) {
    if let digest, digest != address.digest {
      throw CASError(
        .mismatch, operation: "put blob", subject: digest.description,
        cause: "the content has the digest \(address.digest)")
    }
    if let size, size != address.size {
      throw CASError(
        .mismatch, operation: "put blob", subject: address.digest.description,
        cause: "the content has \(address.size) bytes, not \(size)")
    }
  }
}

/// The metadata of a stored blob, which a store knows without reading the content.
///
/// Values are equal without regard to ``allocatedSize``, which a file system may change when it writes a file out.
public struct BlobInfo: Hashable, Sendable {
  /// The length in bytes.
  public var size: Int64
  /// The time of the last put.
  public var modified: Timestamp
  /// A number that changes when the stored copy is replaced or changed; 0 if the store's copies cannot change.
  public var version: UInt64
  /// The space in bytes that the stored copy takes, which is less than its length if it has holes; `nil` if the store
  /// does not know it.
  public var allocatedSize: Int64?

  /// Creates metadata from its parts.
  public init(size: Int64, modified: Timestamp, version: UInt64, allocatedSize: Int64? = nil) {
    self.size = size
    self.modified = modified
    self.version = version
    self.allocatedSize = allocatedSize
  }

  /// Whether both are of one state of a stored copy.
  public static func == (left: BlobInfo, right: BlobInfo) -> Bool {
    left.size == right.size && left.modified == right.modified && left.version == right.version
  }

  /// Hashes the size, the time and the version.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(size)
    hasher.combine(modified)
    hasher.combine(version)
  }
}
