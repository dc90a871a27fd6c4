public import CASPlatform
public import OCI

/// A content-addressable store of blobs and of references to them: umoci's `cas.Engine`.
///
/// All operations block and may be called by any number of threads at once. After ``close()`` they fail with
/// ``CASError/Code-swift.struct/closed``.
public protocol Engine: AnyObject, Sendable {
  /// The URI that opens this store, in its driver's canonical form.
  var uri: String { get }

  /// The name of the driver, as in `dir`.
  var driverName: String { get }

  /// Whether anything can be put or deleted.
  var isWritable: Bool { get }

  /// Starts a blob whose content is not known yet.
  ///
  /// - Parameter algorithm: of the digest the blob will get.
  /// - Parameter base: a stored blob whose content the new one starts with; `nil` starts empty.
  func stageBlob(algorithm: Digest.Algorithm, copying base: Digest?) throws(CASError) -> any BlobStage

  /// Opens a stored blob for reading.
  ///
  /// By what the store was opened with (``Verification``), the content is hashed first and a blob that is not what
  /// its digest says fails with ``CASError/Code-swift.struct/corrupt``. A reader goes on reading when
  /// the blob is deleted.
  func openBlob(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> any BlobReader

  /// What the store knows about a blob without reading it.
  func blobInfo(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> BlobInfo

  /// Starts a walk over the stored blobs.
  func listBlobs() throws(CASError) -> any BlobListing

  /// Removes a blob; success means that it is not there now.
  func deleteBlob(_ digest: Digest) throws(CASError)

  /// What the store can keep of a descriptor; all of it, if a driver does not say otherwise.
  func storable(_ descriptor: Descriptor) -> Descriptor

  /// Gives a descriptor a name.
  ///
  /// The same descriptor under that name is success. A different one is ``CASError/Code-swift.struct/clobber``, unless
  /// it is to be replaced. Of several callers that name different descriptors at once, exactly one succeeds.
  func putReference(
    _ descriptor: Descriptor, named name: ReferenceName, replacing: Bool, cancellation: CancellationToken
  ) throws(CASError)

  /// The descriptor of that name.
  func reference(named name: ReferenceName) throws(CASError) -> Descriptor

  /// All references with a name, each name once, in the store's order.
  func listReferences() throws(CASError) -> [Reference]

  /// Removes a name; success means that it is not there now.
  func deleteReference(named name: ReferenceName, cancellation: CancellationToken) throws(CASError)

  /// Gives the descriptor of one name another name instead, in one step.
  ///
  /// - Parameter replacing: whether the other name may be taken; else that is
  ///   ``CASError/Code-swift.struct/clobber``, by whatever it is taken.
  func moveReference(
    named name: ReferenceName, to other: ReferenceName, replacing: Bool, cancellation: CancellationToken
  ) throws(CASError)

  /// The store's index, as a layout would have it: every reference, and entries without a name.
  func index() throws(CASError) -> ImageIndex

  /// Removes what abandoned operations left behind: never a blob, a reference, a file that is not this library's, or
  /// anything whose writer still lives.
  ///
  /// - Returns: how many leftovers were removed.
  func clean(cancellation: CancellationToken) throws(CASError) -> Int

  /// Lets go of the store; more than once is once. Readers that are open stay so.
  func close()
}

extension Engine {
  /// All of it.
  public func storable(_ descriptor: Descriptor) -> Descriptor { descriptor }
}

/// Reads one blob. Its content does not change, whatever happens to the store.
public protocol BlobReader: AnyObject, Sendable {
  /// The blob's address.
  var digest: Digest { get }

  /// The blob's length in bytes.
  var size: Int64 { get }

  /// Reads from an offset until the buffer is full or the blob ends.
  ///
  /// - Returns: how many bytes were read; fewer than the buffer holds only at the end.
  func read(into buffer: inout MutableSpan<UInt8>, at offset: Int64) throws(CASError) -> Int
}

/// A blob in the making: content that can be written anywhere, read and cut, until it is committed or discarded.
///
/// Until ``commit(expecting:cancellation:)`` succeeds nothing of it can be seen in the store, and what is neither
/// committed nor discarded when the last reference goes is discarded. Calls on one stage are serialised.
public protocol BlobStage: AnyObject, Sendable {
  /// The length so far, in bytes.
  var size: Int64 { get }

  /// Writes bytes at an offset; a gap before them becomes zeros.
  func write(_ bytes: Span<UInt8>, at offset: Int64) throws(CASError)

  /// Reads from an offset until the buffer is full or the content ends.
  ///
  /// - Returns: how many bytes were read.
  func read(into buffer: inout MutableSpan<UInt8>, at offset: Int64) throws(CASError) -> Int

  /// Cuts the content, or adds zeros.
  func truncate(to size: Int64) throws(CASError)

  /// Makes what is written so far durable, as far as the store can.
  func synchronize() throws(CASError)

  /// Publishes the content as a blob, durably. The stage takes nothing more afterwards.
  ///
  /// Content that is stored already is success; a stored copy that is corrupt is replaced.
  ///
  /// - Throws: ``CASError/Code-swift.struct/mismatch`` when the content is not what is expected; nothing is stored then,
  ///   and the stage can still be written.
  func commit(
    expecting expectation: BlobExpectation, cancellation: CancellationToken
  ) throws(CASError) -> BlobAddress

  /// Forgets the content.
  func discard()
}

/// A walk over the blobs of a store; not for use by two threads at once.
public protocol BlobListing: AnyObject {
  /// The next digests, some at a time; none after the last. Entries of the store that are no digests are passed over.
  func nextBatch() throws(CASError) -> [Digest]
}

/// The address and length of a blob.
public struct BlobAddress: Hashable, Sendable {
  /// The digest of the content.
  public let digest: Digest
  /// The length in bytes.
  public let size: Int64

  /// Makes an address of its parts.
  public init(digest: Digest, size: Int64) {
    self.digest = digest
    self.size = size
  }
}

/// What a caller knows in advance about content it puts; what is `nil` is not checked.
public struct BlobExpectation: Hashable, Sendable {
  /// The digest that the content must have.
  public var digest: Digest?
  /// The length that it must have, in bytes.
  public var size: Int64?

  /// Expects what is not `nil`.
  public init(digest: Digest? = nil, size: Int64? = nil) {
    self.digest = digest
    self.size = size
  }

  /// Fails with ``CASError/Code-swift.struct/mismatch`` when content is not what is expected.
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

/// What a store knows about a blob without reading it.
public struct BlobInfo: Hashable, Sendable {
  /// The length in bytes.
  public var size: Int64
  /// When it was stored.
  public var modified: Timestamp
  /// What changes when the stored copy is replaced or changed; 0 where a copy cannot be.
  public var version: UInt64

  /// Makes an info of its parts.
  public init(size: Int64, modified: Timestamp, version: UInt64) {
    self.size = size
    self.modified = modified
    self.version = version
  }
}

extension Int64 {
  /// The sum with a size that somebody else names, and may be anything; the largest number if it is larger.
  func addingAtMost(_ size: Int64) -> Int64 {
    let (sum, isTooLarge) = addingReportingOverflow(size)
    return isTooLarge ? .max : sum
  }
}

/// A name and what it stands for.
public struct Reference: Hashable, Sendable {
  /// The name.
  public var name: ReferenceName
  /// The descriptor of that name.
  public var descriptor: Descriptor

  /// Makes a reference of its parts.
  public init(name: ReferenceName, descriptor: Descriptor) {
    self.name = name
    self.descriptor = descriptor
  }
}

/// When stored content is hashed before it is served.
public enum Verification: String, Hashable, Sendable, CaseIterable {
  /// Before its first byte is served, once for each state of the stored copy.
  case once
  /// Each time it is opened.
  case always
  /// Never: the store is trusted.
  case never = "none"
}
