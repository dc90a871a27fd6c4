public import OCI

/// How far the copy of an image is.
public struct CopyProgress: Hashable, Sendable {
  /// How many bytes are in the other store now.
  public var done: Int64
  /// How many the image has.
  public var total: Int64

  /// Makes a state of its parts.
  public init(done: Int64, total: Int64) {
    self.done = done
    self.total = total
  }
}

extension Engine {
  /// Copies what a descriptor reaches to another store, and gives it a name there.
  ///
  /// Everything is there before what refers to it, and the name comes last. What is there already is not copied again,
  /// after it was checked where the other store is here and can do that (``ContentVerifying``); so a copy that failed goes on where
  /// it was when it is made again. A `subject`, and what has `urls`, is passed over when it is not stored here.
  ///
  /// - Parameter replacing: whether the name may be taken from something different.
  /// - Parameter progress: told while content is copied; when it throws, the copy ends.
  /// - Throws: ``CASError/Code-swift.struct/notFound`` with the digest of what is not stored here, before anything is
  ///   copied; ``CASError/Code-swift.struct/mismatch`` when a blob has another size than what refers to it says;
  ///   ``CASError/Code-swift.struct/clobber`` when the name is taken; else why something cannot be read or stored.
  public func copy(
    _ descriptor: Descriptor, to other: any Engine, named name: ReferenceName, replacing: Bool = false,
    cancellation: CancellationToken = .none, progress: (CopyProgress) throws(CASError) -> Void = { _ in }
  ) throws(CASError) {
    if !replacing {
      let taken: Descriptor?
      do throws(CASError) {
        taken = try other.reference(named: name)
      } catch {
        guard error.code == .notFound else { throw error }
        taken = nil
      }
      if let taken, taken != other.storable(descriptor) {
        throw .clobber(OperationContext(ImageCopy.operation, on: name))
      }
    }
    var copy = try ImageCopy(of: descriptor, from: self, to: other, as: name, cancellation)
    try copy.run(progress)
    try other.putReference(descriptor, named: name, replacing: replacing, cancellation: cancellation)
    // What was there already may have been garbage that somebody removed before the name could keep it.
    try copy.completeAgain()
  }
}

/// The copy of what one descriptor reaches from one store to another.
private struct ImageCopy {
  static let operation = "copy image"

  private let source: any Engine
  private let target: any Engine
  private let cancellation: CancellationToken
  /// What there is to copy, everything before what refers to it.
  private let blobs: [BlobAddress]
  private var progress: CopyProgress

  /// Finds out what there is to copy, and that all of it is there.
  init(
    of descriptor: Descriptor, from source: any Engine, to target: any Engine, as name: ReferenceName,
    _ cancellation: CancellationToken
  ) throws(CASError) {
    self.source = source
    self.target = target
    self.cancellation = cancellation
    var graph = ReferenceGraph()
    var walk = ReferenceWalk()
    try walk.follow(
      [ReferenceWalk.Link(descriptor, of: .index(name))], in: source, cancellation,
      visit: { (link) throws(CASError) in
        if let address = try Self.find(link, in: source) { graph.add(link, address) }
      },
      failed: { (link, error) throws(CASError) in throw error.during(OperationContext(Self.operation, on: link.digest))
      })
    blobs = graph.childrenFirst
    guard blobs.count == graph.count else {
      throw CASError(
        .invalid, operation: Self.operation, subject: name.description,
        cause: "its manifests refer to each other in a circle")
    }
    progress = CopyProgress(done: 0, total: blobs.reduce(0) { $0.addingAtMost($1.size) })
  }

  private static func find(_ link: ReferenceWalk.Link, in source: any Engine) throws(CASError) -> BlobAddress? {
    let subject = link.digest.description
    do throws(CASError) {
      let size = try source.blobInfo(link.digest).size
      guard size == link.size else {
        throw CASError(
          .mismatch, operation: operation, subject: subject,
          cause: "it has \(size) bytes, and as \(link.description) \(link.size)")
      }
      return BlobAddress(digest: link.digest, size: size)
    } catch {
      guard error.code == .notFound else { throw error }
      if link.isOptional { return nil }
      throw CASError(
        .notFound, operation: operation, subject: subject, cause: "it is \(link.description) and is not stored")
    }
  }

  /// Copies what is not there.
  mutating func run(_ report: (CopyProgress) throws(CASError) -> Void) throws(CASError) {
    for blob in blobs {
      let before = progress.done
      if try !isThere(blob, report) {
        progress.done = before
        try copy(blob, report)
      }
      progress.done = before + blob.size
      try report(progress)
    }
  }

  /// Copies what has gone since.
  func completeAgain() throws(CASError) {
    var rest = self
    for blob in blobs {
      do throws(CASError) {
        _ = try target.blobInfo(blob.digest)
      } catch {
        guard error.code == .notFound else { throw error }
        try rest.copy(blob) { _ in }
      }
    }
  }

  /// Whether the other store has the blob, and its content is right as far as that can be told there.
  private mutating func isThere(
    _ blob: BlobAddress, _ report: (CopyProgress) throws(CASError) -> Void
  ) throws(CASError) -> Bool {
    do throws(CASError) {
      guard try target.blobInfo(blob.digest).size == blob.size else { return false }
      // To read it from another machine takes as long as to copy it.
      guard let store = target as? any ContentVerifying, !(target is any RemoteEngine) else { return true }
      let before = progress.done
      try store.verifyBlob(blob.digest, cancellation: cancellation) { (count) throws(CASError) in
        progress.done = before + count
        try report(progress)
      }
      return true
    } catch {
      switch error.code {
      case .notFound, .corrupt: return false
      default: throw error
      }
    }
  }

  private mutating func copy(
    _ blob: BlobAddress, _ report: (CopyProgress) throws(CASError) -> Void
  ) throws(CASError) {
    let reader = try source.openBlob(blob.digest, cancellation: cancellation)
    let stage = try target.stageBlob(algorithm: blob.digest.algorithm, copying: nil)
    do throws(CASError) {
      let before = progress.done
      var offset: Int64 = 0
      try reader.forEachChunk(cancellation: cancellation) { (chunk) throws(CASError) in
        try stage.write(chunk, at: offset)
        offset += Int64(chunk.count)
        progress.done = before + offset
        try report(progress)
      }
      let expectation = BlobExpectation(digest: blob.digest, size: blob.size)
      _ = try stage.commit(expecting: expectation, cancellation: cancellation)
    } catch {
      stage.discard()
      throw error
    }
  }
}
