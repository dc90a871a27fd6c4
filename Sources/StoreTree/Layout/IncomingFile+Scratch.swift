import CAS
import CASPlatform
import OCI
import SystemPackage

// Temporary content becomes what its new name says.
extension IncomingFile {
  /// Moves temporary content to a name of the layout: a blob, `index.json` or `oci-layout`. The process that wrote it can
  /// still have it open.
  ///
  /// - Returns: `false` if the name is none of these, so that nothing was done.
  /// - Throws: EBADMSG if the content has another digest than the name says; EINVAL if it is not an index or a layout file;
  ///   EBUSY if another process has it open for writing.
  func moveToLayout(
    _ name: String, in directory: any Node, replacing: Bool, _ context: RequestContext
  ) throws(Errno) -> Bool {
    let process = shared.processes.process(ofThread: context.thread)
    switch directory {
    case let blobs as AlgorithmDirectory:
      guard let digest = Digest(blobs.algorithm, hex: name) else { return false }
      try requireOwnWriters(process)
      if !replacing, try shared.isStored(digest, context) { throw .fileExists }
      try commitScratch(as: digest, context)
    case is RootDirectory:
      let isIndex = name.sameBytes(as: ImageIndex.fileName)
      guard isIndex || name.sameBytes(as: ImageLayout.fileName) else { return false }
      guard replacing else { throw .fileExists }
      try requireOwnWriters(process)
      let content = try scratchContent(limit: ImageIndex.maximumSize, process, context)
      var index: IndexText?
      do throws(InvalidValue) {
        if isIndex {
          index = try IndexText(parsing: content, spacedLike: shared.indexVersions.latest)
        } else {
          try ImageLayout.validate(content)
        }
      } catch {
        shared.refuse("write \(name): process \(process): \(error)")
        throw .invalidArgument
      }
      if let index { try shared.applyIndex(index, process: process, context) }
      markMoved()
    default: return false
    }
    namespace.remove(self)
    return true
  }

  /// Whether the content is probably a new `index.json`, which becomes a change of the index and no blob.
  var isForIndex: Bool {
    guard namespace === shared.scratch(.root), let name = namespace.name(of: number) else { return false }
    return ScratchName(file: name.text, in: .root)?.isOfIndex ?? false
  }

  private func requireOwnWriters(_ process: ProcessIdentity) throws(Errno) {
    let isForeign =
      state.withLock { $0.openWriters > 0 } && creator != .unseen && process != .unseen && creator != process
    if isForeign { throw .resourceBusy }
  }

  private func scratchContent(limit: Int, _ process: ProcessIdentity, _ context: RequestContext) throws(Errno)
    -> [UInt8]
  {
    let size = state.withLock { $0.stage?.size ?? 0 }
    guard size <= Int64(limit) else {
      shared.refuseLargeIndex(process: process)
      throw .fileTooLarge
    }
    guard case .bytes(let bytes) = try read(at: 0, count: Int(size), keeping: .init(nil), context) else { return [] }
    return bytes
  }
}
