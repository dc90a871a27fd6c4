import CAS
import CASPlatform
import Logging
import OCI
package import SystemPackage

extension Tree {
  /// The state of open files, and of what tools were told, for the next program of this process. No request may be under
  /// way, and none may follow.
  ///
  /// - Throws: EBUSY while content is stored; EOPNOTSUPP if the store cannot go on with content that is being written.
  package func handover() throws(Errno) -> Handover {
    guard shared.commits.pending == 0 else { throw .resourceBusy }
    var writer = HandoverWriter()
    shared.indexVersions.write(to: &writer)
    shared.removals.write(to: &writer)
    writer.add(list: shared.references.madeDirectories) { $0.add($1) }
    let handles = files.all
    let (others, rewrites) = (nodes.others, shared.rewrites.all)
    let handed = handedFiles(handles, others, rewrites)
    for namespace in shared.namespaces {
      namespace.writeDirectories(to: &writer)
      try writer.add(list: handed.values.filter { $0.namespace === namespace }) { (writer, file) throws(Errno) in
        try file.write(to: &writer)
      }
    }
    var handleWriter = HandleWriter()
    handleWriter.addBlobs(of: handles.map(\.handle), to: &writer)
    writer.add(list: handles.filter { handleWriter.isHandedOver($0.handle) }) { (writer, entry) in
      handleWriter.add(entry.handle, of: entry.id, to: &writer)
    }
    let incoming = others.compactMap { (id, node) -> (NodeID, UInt64)? in
      if let file = node as? IncomingFile { return handed[file.number].map { (id, $0.number) } }
      guard let directory = node as? IncomingDirectory, directory.namespace.isScratch else { return nil }
      return (id, directory.state.number)
    }
    writer.add(list: incoming) { (writer, entry) in
      writer.add(entry.0.rawValue)
      writer.add(entry.1)
    }
    let blobs = handles.compactMap { entry -> (NodeID, Digest, BlobInfo)? in
      guard let blob = entry.handle as? BlobHandle, let node = nodes.known(blob.node) as? BlobNode else { return nil }
      return (blob.node, node.digest, node.info)
    }
    writer.add(list: blobs) { (writer, entry) in
      writer.add(entry.0.rawValue)
      writer.add(entry.1)
      writer.add(entry.2)
    }
    writer.add(list: rewrites) { (writer, entry) in
      writer.add(entry.file.number)
      writer.add(entry.digest)
      writer.add(entry.thread)
    }
    return Handover(content: writer.bytes, files: writer.files)
  }

  /// The files of `incoming` and other places that are more than names for blobs, or open, by their numbers.
  private func handedFiles(
    _ handles: [(id: HandleID, handle: any FileHandle)], _ others: [(id: NodeID, node: any Node)],
    _ rewrites: [(thread: Int32, digest: Digest, file: IncomingFile)]
  ) -> [UInt64: IncomingFile] {
    var handed: [UInt64: IncomingFile] = [:]
    func add(_ files: some Sequence<IncomingFile>) {
      for file in files { handed[file.number] = file }
    }
    for namespace in shared.namespaces {
      add(namespace.files.filter { namespace.isScratch || $0.isUnfinished })
    }
    add(handles.compactMap { ($0.handle as? IncomingHandle)?.file })
    add(others.compactMap { $0.node as? IncomingFile }.filter { $0.isUnfinished })
    add(rewrites.map(\.file))
    return handed
  }

  /// Takes the state of the program before over: all of it, or nothing.
  ///
  /// - Throws: EBADMSG if it is malformed; an error of the store if that cannot go on with content.
  func take(_ handover: Handover) throws(Errno) {
    var reader = HandoverReader(handover.content, files: handover.files)
    // Nothing changes before all is read.
    var steps = [try shared.indexVersions.read(from: &reader), try shared.removals.read(from: &reader)]
    let directories = Set(try reader.list { (reader) throws(Errno) in try reader.path() })
    steps.append { [shared] in shared.references.madeDirectories = directories }
    var (handed, inodes): ([UInt64: IncomingFile], [UInt64: any Node]) = ([:], [:])
    for namespace in shared.namespaces {
      let directories = try IncomingNamespace.readDirectories(from: &reader)
      let files = try reader.list { [shared] (reader) throws(Errno) in
        try IncomingFile.read(from: &reader, shared, namespace)
      }
      for (file, _) in files { (handed[file.number], inodes[file.number]) = (file, file) }
      for (state, _) in directories { inodes[state.number] = IncomingDirectory(shared, namespace, state) }
      steps.append { namespace.restore(directories: directories, files: files) }
    }
    var handleReader = HandleReader(shared, files: handed)
    try handleReader.readBlobs(from: &reader)
    for (id, open) in try reader.list({ (reader) throws(Errno) in try handleReader.next(from: &reader) }) {
      steps.append { [files] in files.restore(open(), as: id) }
    }
    for (id, number) in try reader.list({ (reader) throws(Errno) -> (UInt64, UInt64) in
      (try reader.number(), try reader.number())
    }) {
      guard let node = inodes[number] else { throw .badMessage }
      steps.append { [nodes] in nodes.restore(node, as: NodeID(id)) }
    }
    for (id, node) in try reader.list({ [shared] (reader) throws(Errno) -> (UInt64, BlobNode) in
      (try reader.number(), BlobNode(shared, try reader.digest(), try reader.info()))
    }) { steps.append { [nodes] in nodes.restore(node, as: NodeID(id)) } }
    for (number, digest, thread) in try reader.list({ (reader) throws(Errno) -> (UInt64, Digest, Int32) in
      (try reader.number(), try reader.digest(), try reader.signed())
    }) {
      guard let file = handed[number] else { throw .badMessage }
      steps.append { [shared] in shared.rewrites.restore(file, digest, thread: thread) }
    }
    guard reader.isAtEnd else { throw .badMessage }
    for step in steps { step() }
  }
}
