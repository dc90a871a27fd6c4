import CAS
import CASPlatform
import OCI
import SystemPackage

/// `layers`: the layers of an image, numbered from the lowest up.
final class LayersDirectory: ImagePart {
  let shared: TreeContext
  let path: [FileName]
  private let layers: [Descriptor]
  let inode: UInt64

  init(_ shared: TreeContext, path: [FileName], _ layers: [Descriptor]) {
    self.shared = shared
    self.path = path
    self.layers = layers
    inode = ImagesDirectory.inode(path)
  }

  func isSame(as other: any Node) -> Bool {
    guard let other = other as? LayersDirectory else { return false }
    return path == other.path && layers == other.layers
  }

  func child(named name: String, _ context: RequestContext) throws(Errno) -> any Node {
    guard let index = Int(name), layers.indices.contains(index), self.name(index).sameBytes(as: name) else {
      throw .noSuchFileOrDirectory
    }
    return try node(index, context)
  }

  func entries(_ context: RequestContext) throws(Errno) -> any EntryStream {
    var entries: [DirectoryEntry] = []
    for index in layers.indices {
      let node = try node(index, context)
      entries.append(DirectoryEntry(name: name(index), inode: node.inode, kind: node.kind))
    }
    return EntryList(entries)
  }

  private func node(_ index: Int, _ context: RequestContext) throws(Errno) -> any Node {
    try ImageEntry(shared, path: path + [FileName(name(index))], layers[index]).part(context)
  }

  private func name(_ index: Int) -> String { LayerNumber.text(index, of: layers.count) }
}
