import CAS
import CASPlatform
import OCI
import SystemPackage

/// One file, directory or link of the tree: what the kernel may ask of it.
///
/// Every operation has a default that refuses it with the error number its kind of node gives.
protocol Node: AnyObject, Sendable {
  /// The number the kernel should know it by; another is taken when that one is in use for something else.
  var preferredID: NodeID { get }
  /// Its inode number.
  var inode: UInt64 { get }
  /// What it is.
  var kind: NodeKind { get }
  /// How long the kernel may keep its name, in seconds.
  var entryTimeout: Double { get }

  /// Whether another node is the same thing in the same state.
  func isSame(as other: any Node) -> Bool
  func attributes(_ context: RequestContext) throws(Errno) -> Attributes
  func setAttributes(
    _ changes: AttributeChanges, handle: (any FileHandle)?, _ context: RequestContext
  ) throws(Errno) -> Attributes

  func child(named name: String, _ context: RequestContext) throws(Errno) -> any Node
  func entries(_ context: RequestContext) throws(Errno) -> any EntryStream
  var parentInode: UInt64 { get }
  /// Whether looking up all of its entries costs little, so that a listing can tell of them at once.
  var supportsReaddirplus: Bool { get }

  func open(_ request: OpenRequest, _ context: RequestContext) throws(Errno) -> any FileHandle
  func linkTarget() throws(Errno) -> String

  func create(
    _ name: String, permissions: UInt32, _ context: RequestContext
  ) throws(Errno) -> (node: any Node, handle: any FileHandle)
  func makeDirectory(_ name: String, permissions: UInt32, _ context: RequestContext) throws(Errno) -> any Node
  func removeFile(_ name: String, _ context: RequestContext) throws(Errno)
  func removeDirectory(_ name: String, _ context: RequestContext) throws(Errno)
  func rename(
    _ name: String, to other: String, in directory: any Node, replacing: Bool, _ context: RequestContext
  ) throws(Errno)

  func attribute(_ name: String, _ context: RequestContext) throws(Errno) -> [UInt8]
  func attributeNames(_ context: RequestContext) throws(Errno) -> [String]
  func setAttribute(_ name: String, _ value: [UInt8], mustBe: AttributePresence) throws(Errno)
  func removeAttribute(_ name: String) throws(Errno)
}

/// Whether an extended attribute must be there before it is set: `XATTR_CREATE`, `XATTR_REPLACE`.
public enum AttributePresence: Sendable {
  /// It does not matter.
  case either
  /// It must not be there.
  case absent
  /// It must be there.
  case present
}

/// The entries of a directory one after the other; used by one thread at a time.
protocol EntryStream: AnyObject {
  func next() throws(Errno) -> DirectoryEntry?
  /// Gets what will be asked for next, while whoever asks is busy with what was given.
  ///
  /// - Parameter willBlock: called before what may take long.
  func readAhead(willBlock: () -> Void)
}

extension EntryStream {
  func readAhead(willBlock: () -> Void) {}
}

/// An open file.
protocol FileHandle: AnyObject, Sendable {
  var cachePolicy: CachePolicy { get }
  /// A file that has the same content at the same place, for the kernel to read by itself.
  var backing: BackingFile? { get }
  var ignoresFlush: Bool { get }
  func read(at offset: Int64, count: Int, _ context: RequestContext) throws(Errno) -> ReadResult
  func write(_ bytes: Span<UInt8>, at offset: Int64, _ context: RequestContext) throws(Errno)
  func flush(_ context: RequestContext) throws(Errno)
  func synchronize(_ context: RequestContext) throws(Errno)
  func release(_ context: RequestContext)
}

extension Node {
  var parentInode: UInt64 { NodeID.root.rawValue }
  var supportsReaddirplus: Bool { false }

  func isSame(as other: any Node) -> Bool { self === other }

  func setAttributes(
    _ changes: AttributeChanges, handle: (any FileHandle)?, _ context: RequestContext
  ) throws(Errno) -> Attributes { throw .readOnlyFileSystem }

  func child(named name: String, _ context: RequestContext) throws(Errno) -> any Node { throw .notDirectory }
  func entries(_ context: RequestContext) throws(Errno) -> any EntryStream { throw .notDirectory }

  func open(_ request: OpenRequest, _ context: RequestContext) throws(Errno) -> any FileHandle {
    throw kind == .directory ? .isDirectory : .tooManySymbolicLinkLevels
  }
  func linkTarget() throws(Errno) -> String { throw .invalidArgument }

  func create(
    _ name: String, permissions: UInt32, _ context: RequestContext
  ) throws(Errno) -> (node: any Node, handle: any FileHandle) { throw .readOnlyFileSystem }
  func makeDirectory(_ name: String, permissions: UInt32, _ context: RequestContext) throws(Errno) -> any Node {
    throw .readOnlyFileSystem
  }
  func removeFile(_ name: String, _ context: RequestContext) throws(Errno) { throw .readOnlyFileSystem }
  func removeDirectory(_ name: String, _ context: RequestContext) throws(Errno) { throw .readOnlyFileSystem }
  func rename(
    _ name: String, to other: String, in directory: any Node, replacing: Bool, _ context: RequestContext
  ) throws(Errno) { throw .readOnlyFileSystem }

  func attribute(_ name: String, _ context: RequestContext) throws(Errno) -> [UInt8] { throw .noData }
  func attributeNames(_ context: RequestContext) throws(Errno) -> [String] { [] }
  func setAttribute(_ name: String, _ value: [UInt8], mustBe: AttributePresence) throws(Errno) {
    throw .readOnlyFileSystem
  }
  func removeAttribute(_ name: String) throws(Errno) { throw .readOnlyFileSystem }
}

extension FileHandle {
  var cachePolicy: CachePolicy { .invalidate }
  var backing: BackingFile? { nil }
  var ignoresFlush: Bool { true }
  func write(_ bytes: Span<UInt8>, at offset: Int64, _ context: RequestContext) throws(Errno) {
    throw .badFileDescriptor
  }
  func flush(_ context: RequestContext) throws(Errno) {}
  func synchronize(_ context: RequestContext) throws(Errno) {}
  func release(_ context: RequestContext) {}
}

/// Inode numbers, and the node ids that follow from them: what is fixed has small ones, the rest has its kind in the
/// top bits. Those of blobs and references follow from digest and name, so they are the same in the next daemon.
enum Inode {
  static let root: UInt64 = 1
  static let layout: UInt64 = 2
  static let index: UInt64 = 3
  static let blobs: UInt64 = 4
  static let refs: UInt64 = 5
  static let incoming: UInt64 = 6
  static let committed: UInt64 = 7
  static let images: UInt64 = 8

  private static let mask: UInt64 = (1 << 61) - 1

  static func algorithm(_ algorithm: Digest.Algorithm) -> UInt64 {
    switch algorithm {
    case .sha256: 16
    case .sha512: 17
    }
  }

  static func blob(_ digest: Digest) -> UInt64 { 1 << 61 | digest.prefix & mask }
  static func blobNode(_ digest: Digest, version: UInt64) -> UInt64 {
    1 << 61 | (digest.prefix ^ version &* 0x9E37_79B9_7F4A_7C15) & mask
  }
  static func reference(_ path: String) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in path.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return 2 << 61 | hash & mask
  }
  static func incoming(_ number: UInt64) -> UInt64 { 3 << 61 | number & mask }
  static func committed(_ number: UInt64) -> UInt64 { 4 << 61 | number & mask }
}

/// Symbolic links, as the kernel has them.
enum SymbolicLink {
  /// The longest target: PATH_MAX with the zero at its end.
  private static let maximumLength = 4095

  /// A target that the kernel can take; ENAMETOOLONG otherwise.
  static func checked(_ target: String) throws(Errno) -> String {
    guard target.utf8.count <= maximumLength else { throw .fileNameTooLong }
    return target
  }
}

/// A file name, compared by its bytes.
struct FileName: Hashable, Sendable {
  static let maximumLength = 255
  let text: String

  init(_ text: String) {
    self.text = text
  }

  /// Refuses what cannot be the name of a file: the kernel asks for no such.
  static func check(_ name: String) throws(Errno) {
    guard NameText.length(of: name) <= maximumLength else { throw .fileNameTooLong }
    let bytes = name.utf8
    guard !bytes.isEmpty, !bytes.contains(UInt8(ascii: "/")), !bytes.elementsEqual(".".utf8),
      !bytes.elementsEqual("..".utf8)
    else { throw .invalidArgument }
  }

  static func == (left: FileName, right: FileName) -> Bool { left.text.sameBytes(as: right.text) }

  func hash(into hasher: inout Hasher) {
    for byte in text.utf8 { hasher.combine(byte) }
  }
}
