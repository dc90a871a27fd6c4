import CAS
import CASCompression
import CASPlatform
import OCI

extension FileTree {
  /// The largest number of symbolic links that are followed in one path.
  private static let linkLimit = 255

  /// Applies a layer of an image over what is there.
  ///
  /// - Throws: `CASError.Code.corrupt` if the decoded layer has another digest than the configuration states;
  ///   `CASError.Code.invalid` if the layer is malformed, or one that no file system can show;
  ///   `CASError.Code.cancelled`.
  mutating func apply(_ index: LayerIndex, of scan: LayerScan, layer: Int) throws(CASError) {
    let context = OperationContext("read layer", on: scan.descriptor.digest, cancellation: scan.cancellation)
    guard index.content == scan.contentDigest else {
      throw CASError(
        .corrupt, context,
        cause: "corrupt: the decoded layer has the digest \(index.content), not \(scan.contentDigest)",
        corruption: CASError.Corruption(expected: scan.contentDigest, actual: index.content))
    }
    try context.checkCancellation()
    try context.mappingDecoding { () throws(DecodingError) in
      try apply(index.entries(), count: index.entryCount, contentSize: index.size, layer: UInt16(layer))
    }
  }

  /// Applies a layer over what is there.
  ///
  /// - Parameter entries: an ``EntryTable``, of this number of entries; 0 if it is not known.
  /// - Parameter contentSize: the length of the decoded layer, in bytes.
  /// - Throws: if the layer is malformed, or one that no file system can show.
  mutating func apply(
    _ entries: [UInt8], count: Int = 0, contentSize: Int64 = .max, layer: UInt16
  ) throws(DecodingError) {
    current = layer
    purged = []
    lastDirectory = nil
    reserve(entries: min(count, entries.count / EntryTable.leastEntrySize))
    imply(0)
    var reader = EntryTable.Reader(entries, contentSize: contentSize)
    while let entry = try reader.next() {
      do throws(DecodingError) {
        try reserve(for: entry)
        try apply(entry)
      } catch {
        throw DecodingError("\(String(decoding: entry.path.prefix(200), as: UTF8.self)): \(error.reason)")
      }
    }
  }

  private mutating func apply(_ entry: LayerEntry) throws(DecodingError) {
    guard !entry.path.isEmpty else {
      // An entry that would change the type of the root counts for nothing.
      if entry.kind == .directory { setDirectory(0, entry) }
      return
    }
    let (parentPath, name) = LayerPath.split(entry.path)
    let parent = try directory(parentPath)
    if !keepsWhiteouts, name.starts(with: ".wh.".utf8) { return try whiteout(name, in: parent) }
    let place = place(of: name, in: parent)
    let existing = place.node.flatMap { nodes[Int($0)].inode >= 0 ? $0 : nil }
    if entry.kind == .directory, let existing, inode(of: existing).kind == .directory {
      return setDirectory(existing, entry)
    }
    if let existing { remove(existing) }
    guard let kind = entry.kind else {
      guard let target = try find(entry.link), inode(of: target).kind != .directory else {
        if keepsWhiteouts { return try addBrokenLink(name, in: parent, at: place, entry) }
        throw DecodingError(
          "hard link to what is not there: \(String(decoding: entry.link.prefix(200), as: UTF8.self))")
      }
      return try link(name, in: parent, at: place, to: nodes[Int(target)].inode, entry)
    }
    // overlayfs marks a removed name by this device.
    if !keepsWhiteouts, kind == .characterDevice, entry.deviceMajor == 0, entry.deviceMinor == 0 { return }
    try add(name, to: parent, at: place, add(inode(of: entry, kind)))
  }

  private mutating func whiteout(_ name: ArraySlice<UInt8>, in parent: Int32) throws(DecodingError) {
    if name.elementsEqual(".wh..wh..opq".utf8) { return purge(parent) }
    let hidden = name.dropFirst(4)
    guard !hidden.isEmpty, !hidden.elementsEqual(".".utf8), !hidden.elementsEqual("..".utf8) else {
      throw DecodingError("whiteout of no name")
    }
    guard let node = child(hidden, of: parent) else { return }
    if !isOwn(node) {
      remove(node)
    } else if inode(of: node).kind == .directory {
      hideLower(node)
      purge(node)
    }
  }

  /// Removes all of lower layers below a directory of the current layer's own tree.
  private mutating func purge(_ directory: Int32) {
    var waiting = [directory]
    while let next = waiting.popLast() {
      guard purged.insert(next).inserted else { continue }
      for node in children(of: next) {
        if !isOwn(node) {
          remove(node)
        } else if inode(of: node).kind == .directory {
          hideLower(node)
          waiting.append(node)
        }
      }
    }
  }

  /// Resets the metadata of a directory that came from a lower layer.
  private mutating func hideLower(_ node: Int32) {
    guard nodes[Int(node)].layer != current else { return }
    touch(node)
    let number = Int(nodes[Int(node)].inode)
    inodes[number] = Inode(kind: .directory, layer: current, mode: 0o755, links: inodes[number].links)
  }

  private mutating func setDirectory(_ node: Int32, _ entry: LayerEntry) {
    touch(node)
    let number = Int(nodes[Int(node)].inode)
    let links = inodes[number].links
    inodes[number] = inode(of: entry, .directory)
    inodes[number].links = links
  }

  private mutating func inode(of entry: LayerEntry, _ kind: FileKind) -> Inode {
    var inode = Inode(
      kind: kind, layer: current, mode: entry.mode, nanoseconds: entry.modified.nanoseconds, user: entry.user,
      group: entry.group, seconds: entry.modified.seconds)
    switch kind {
    case .file: (inode.size, inode.place) = (entry.size, entry.offset)
    case .symbolicLink:
      (inode.size, inode.place) = (Int64(entry.link.count), Int64(bytes.count))
      bytes += entry.link
    case .characterDevice, .blockDevice: inode.place = Int64(entry.deviceMajor) << 32 | Int64(entry.deviceMinor)
    default: break
    }
    if !entry.attributes.isEmpty || entry.pieces != nil {
      inode.extra = Int32(extras.count)
      extras.append(Extra(attributes: entry.attributes, pieces: entry.pieces))
    }
    return inode
  }

  /// Adds a name for a file. The metadata of the last entry of a file count for all its names.
  private mutating func link(
    _ name: ArraySlice<UInt8>, in parent: Int32, at place: NamePlace, to number: Int32, _ entry: LayerEntry
  ) throws(DecodingError) {
    try add(name, to: parent, at: place, number)
    let index = Int(number)
    if inodes[index].kind != .symbolicLink { inodes[index].mode = entry.mode }
    inodes[index].user = entry.user
    inodes[index].group = entry.group
    inodes[index].seconds = entry.modified.seconds
    inodes[index].nanoseconds = entry.modified.nanoseconds
    guard !entry.attributes.isEmpty else { return }
    if inodes[index].extra < 0 {
      inodes[index].extra = Int32(extras.count)
      extras.append(Extra(attributes: []))
    }
    let extra = Int(inodes[index].extra)
    for attribute in entry.attributes {
      extras[extra].attributes.removeAll { $0.name == attribute.name }
      extras[extra].attributes.append(attribute)
    }
  }

  /// Adds an empty file for a hard link whose target is in a lower layer, which is not shown here.
  private mutating func addBrokenLink(
    _ name: ArraySlice<UInt8>, in parent: Int32, at place: NamePlace, _ entry: LayerEntry
  ) throws(DecodingError) {
    var file = entry
    let reason = Array("hard link to a file of a lower layer: ".utf8) + entry.link
    file.attributes.append(ExtendedAttribute(name: Array("user.casfs.error".utf8), value: reason))
    try add(name, to: parent, at: place, add(inode(of: file, .file)))
  }

  /// The target of a symbolic link.
  func target(of inode: Inode) -> ArraySlice<UInt8> {
    bytes[Int(inode.place)..<Int(inode.place + inode.size)]
  }

  /// Finds or makes a directory of the current layer's own tree. Links of that tree are followed; a link or file of a
  /// lower layer makes way.
  private mutating func directory(_ path: ArraySlice<UInt8>) throws(DecodingError) -> Int32 {
    if let lastDirectory, lastDirectory.path.elementsEqual(path) { return lastDirectory.node }
    let node = try directory(walking: path)
    lastDirectory = (Array(path), node)
    return node
  }

  private mutating func directory(walking path: ArraySlice<UInt8>) throws(DecodingError) -> Int32 {
    var node: Int32 = 0
    var links = 0
    var waiting: [ArraySlice<UInt8>] = path.split(separator: UInt8(ascii: "/")).reversed()
    while let part = waiting.popLast() {
      if part.elementsEqual(".".utf8) { continue }
      if part.elementsEqual("..".utf8) {
        node = nodes[Int(node)].parent
        continue
      }
      guard part.count <= PathLimits.name else { throw DecodingError("file name longer than \(PathLimits.name) bytes") }
      let place = place(of: part, in: node)
      if let next = place.node, nodes[Int(next)].inode >= 0 {
        let inode = inode(of: next)
        if inode.kind == .directory {
          imply(next)
          node = next
          continue
        }
        if isOwn(next) {
          guard inode.kind == .symbolicLink, links < Self.linkLimit else {
            throw DecodingError("entry below what is not a directory")
          }
          links += 1
          // A slice of the names themselves would make the next addition copy all of them.
          let target = Array(target(of: inode))
          if target.first == UInt8(ascii: "/") { node = 0 }
          waiting += target.split(separator: UInt8(ascii: "/")).reversed()
          continue
        }
        remove(next)
      }
      node = try add(part, to: node, at: place, add(Inode(kind: .directory, layer: current, mode: 0o755)))
    }
    return node
  }

  /// Finds a path; links in it are followed within the root, except for the last part.
  func find(_ path: [UInt8]) throws(DecodingError) -> Int32? {
    var node: Int32 = 0
    var links = 0
    var waiting: [ArraySlice<UInt8>] = path.split(separator: UInt8(ascii: "/")).reversed()
    while let part = waiting.popLast() {
      if part.elementsEqual(".".utf8) { continue }
      if part.elementsEqual("..".utf8) {
        node = nodes[Int(node)].parent
        continue
      }
      guard let next = child(part, of: node) else { return nil }
      let inode = inode(of: next)
      if inode.kind == .symbolicLink, !waiting.isEmpty {
        guard links < Self.linkLimit else { throw DecodingError("too many symbolic links") }
        links += 1
        let target = Array(target(of: inode))
        if target.first == UInt8(ascii: "/") { node = 0 }
        waiting += target.split(separator: UInt8(ascii: "/")).reversed()
        continue
      }
      guard inode.kind == .directory || waiting.isEmpty else { return nil }
      node = next
    }
    return node
  }
}
