import CAS
import CASPlatform
import OCI
import SystemPackage

/// References as descriptor files in `refs`, as before image-spec 1.0. File names are encoded by ``ReferenceFileName``.
final class RefsStore: ReferenceStore {
  /// The longest descriptor file that is read, in bytes.
  private static let maximumFileSize = 1 << 20

  private let root: OpenFile
  private let path: String
  private let refs: OpenFile
  private let links: LinkPolicy
  private let lock: StoreLock

  init(_ root: OpenFile, refs: OpenFile, path: String, _ links: LinkPolicy) {
    self.links = links
    self.root = root
    self.refs = refs
    self.path = path
    lock = StoreLock(root)
  }

  func index(_ context: OperationContext) throws(CASError) -> ImageIndex {
    let names = try mappingErrno(context) { () throws(Errno) in
      let stream = try DirectoryStream(refs)
      var names: [String] = []
      while let name = try stream.next() { names.append(name) }
      return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
    var entries: [JSON] = []
    // One deadline for all files: a thousand malformed ones would otherwise take a second each.
    let deadline = ContinuousClock.now + TornReadRetry.timeout
    for fileName in names {
      if let entry = try entry(fileName, context, deadline) { entries.append(entry) }
    }
    do throws(InvalidValue) {
      return try ImageIndex(listing: entries)
    } catch {
      throw .invalid(context, file: "refs", error.reason)
    }
  }

  /// A file as an index entry; `nil` if it was removed meanwhile.
  ///
  /// A malformed file with a valid name becomes an entry without a descriptor, which stops garbage collection: the blob
  /// it referred to is unknown. A descriptor in a file whose name is not an encoded reference becomes an entry without
  /// a name.
  private func entry(
    _ fileName: String, _ context: OperationContext, _ deadline: ContinuousClock.Instant
  ) throws(CASError) -> JSON? {
    let name = ReferenceFileName.decode(fileName)
    do throws(CASError) {
      switch try content(of: fileName, context, until: deadline) {
      case .descriptor(let descriptor): return descriptor.named(name).json
      case .foreign(let value, _): return value.annotated(Descriptor.referenceNameKey, name?.description)
      }
    } catch {
      switch error.code {
      case .notFound: return nil
      case .invalid, .io(.ioError): break
      default: throw error
      }
    }
    guard let name else { return nil }
    let annotation = JSON.Member(Descriptor.referenceNameKey, .string(name.description))
    return .object([JSON.Member("annotations", .object([annotation]))])
  }

  func reference(named name: ReferenceName, _ context: OperationContext) throws(CASError) -> Descriptor? {
    guard let fileName = ReferenceFileName.encode(name) else { return nil }
    do throws(CASError) {
      return try read(fileName, context.on(path)).named(nil)
    } catch {
      if error.code == .notFound { return nil }
      throw error
    }
  }

  func put(
    _ descriptor: Descriptor, named name: ReferenceName, replacing: Bool, _ context: OperationContext
  ) throws(CASError) {
    let fileName = try checkedFileName(name, context)
    try lock.withLock(context) { () throws(CASError) in
      let status = try? refs.status(of: fileName)
      if status == nil { try context.checkGrammar(of: name) }
      if status != nil {
        let isSame = (try? read(fileName, context.on(path))) == descriptor
        if isSame { return }
        guard replacing else { throw .clobber(context) }
      }
      try write(descriptor, to: fileName, like: status, context)
    }
  }

  func checkPut(_ name: ReferenceName, _ context: OperationContext) throws(CASError) {
    let fileName = try checkedFileName(name, context)
    if (try? refs.status(of: fileName)) == nil { try context.checkGrammar(of: name) }
  }

  private func write(
    _ descriptor: Descriptor, to fileName: String, like status: FileStatus?, _ context: OperationContext
  ) throws(CASError) {
    let content = Array(descriptor.named(nil).description.utf8) + [UInt8(ascii: "\n")]
    _ = try mappingErrno(
      context, try refs.replaceFile(fileName, with: [content[...]], root: root, like: status, if: { true }))
  }

  func move(
    _ name: ReferenceName, to other: ReferenceName, replacing: Bool, _ context: OperationContext
  ) throws(CASError) {
    let fileName = try checkedFileName(name, context)
    let target = try checkedFileName(other, context)
    try lock.withLock(context) { () throws(CASError) in
      do throws(Errno) {
        guard try refs.status(of: fileName).kind == .regular else { throw .invalidArgument }
      } catch {
        throw CASError(error, context)
      }
      if (try? refs.status(of: target)) == nil {
        try context.checkGrammar(of: other)
      } else if !replacing {
        throw .clobber(context.on(other))
      }
      try mappingErrno(context) { () throws(Errno) in
        try refs.rename(fileName, to: target, in: refs)
        try refs.synchronizeDirectory()
      }
    }
  }

  func delete(_ name: ReferenceName, _ context: OperationContext) throws(CASError) {
    guard let fileName = ReferenceFileName.encode(name) else { return }
    try lock.withLock(context) { () throws(CASError) in try remove(fileName, context) }
  }

  private func remove(_ fileName: String, _ context: OperationContext) throws(CASError) {
    do throws(Errno) {
      try refs.unlink(fileName)
      try refs.synchronizeDirectory()
    } catch {
      if error != .noSuchFileOrDirectory { throw CASError(error, context) }
    }
  }

  func change(
    _ change: IndexChange, refusesConflicts: Bool, _ context: OperationContext
  ) throws(CASError) -> [IndexMerge.Conflict] {
    try lock.withLock(context) { () throws(CASError) in
      let index = try index(context)
      let merge = try context.merge(change, with: index.text, refusesConflicts: refusesConflicts)
      let steps = try context.steps(from: index, to: merge)
      let fileNames = try steps.map { (step) throws(CASError) in try checkedFileName(step.name, context) }
      for (step, fileName) in zip(steps, fileNames) {
        if let descriptor = step.descriptor {
          try write(descriptor, to: fileName, like: try? refs.status(of: fileName), context)
        } else {
          try remove(fileName, context)
        }
      }
      return merge.conflicts
    }
  }

  func withReferencesLocked<Result>(
    _ context: OperationContext, _ body: (ImageIndex) throws(CASError) -> Result
  ) throws(CASError) -> Result {
    try lock.withLock(context) { () throws(CASError) in
      let index = try index(context)
      try mappingErrno(context, try refs.synchronizeDirectory())
      return try body(index)
    }
  }

  private func checkedFileName(_ name: ReferenceName, _ context: OperationContext) throws(CASError) -> String {
    guard let fileName = ReferenceFileName.encode(name) else {
      let cause = "the encoded name exceeds \(PathLimits.name) bytes"
      throw CASError(.invalid, context.on(name), cause: cause)
    }
    return fileName
  }

  /// The content of a file.
  private enum Content {
    case descriptor(Descriptor)
    /// A descriptor with a digest of an unsupported algorithm.
    case foreign(JSON, algorithm: String)
  }

  private func read(_ fileName: String, _ context: OperationContext) throws(CASError) -> Descriptor {
    switch try content(of: fileName, context, until: .now + TornReadRetry.timeout) {
    case .descriptor(let descriptor): return descriptor
    case .foreign(_, let algorithm):
      throw .invalid(context, file: "refs/\(fileName)", "unsupported digest algorithm: \(algorithm)")
    }
  }

  private func content(
    of fileName: String, _ context: OperationContext, until deadline: ContinuousClock.Instant
  ) throws(CASError) -> Content {
    let file = "refs/\(fileName)"
    return try TornReadRetry.run(context, file: file, until: deadline) { () throws(CASError) in
      do throws(Errno) {
        let content = try links.openFile(fileName, in: refs).file.contents(limit: Self.maximumFileSize)
        return Result { () throws(InvalidValue) in
          let value = try JSON(parsing: content)
          if let foreign = ForeignDescriptor(value) { return .foreign(value, algorithm: foreign.algorithm) }
          return .descriptor(try Descriptor(value))
        }
      } catch {
        switch error {
        case .noSuchFileOrDirectory: throw .notFound(context)
        case .fileTooLarge:
          return .failure(InvalidValue("more than \(Self.maximumFileSize) bytes", exceedsBounds: true))
        case .tooManySymbolicLinkLevels: return .failure(InvalidValue(links.loopReason, exceedsBounds: true))
        case .invalidArgument: return .failure(InvalidValue("not a regular file", exceedsBounds: true))
        default: throw CASError(error, context, file: file)
        }
      }
    }
  }
}
