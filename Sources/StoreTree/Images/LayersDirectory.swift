import CAS
import CASPlatform
import OCI
import SystemPackage

/// `layers`: the layers of an image, numbered from the lowest up.
final class LayersDirectory: ImagePart {
  private let image: ImageDirectory
  let inode: UInt64
  var shared: TreeContext { image.shared }
  var path: [FileName] { image.path + [FileName("layers")] }

  init(_ image: ImageDirectory) {
    self.image = image
    inode = ImagesDirectory.inode(image.path + [FileName("layers")])
  }

  func isSame(as other: any Node) -> Bool {
    guard let other = other as? LayersDirectory else { return false }
    return image.isSame(as: other.image)
  }

  func child(named name: String, _ context: RequestContext) throws(Errno) -> any Node {
    let layers = try layers(context)
    guard let index = LayerNumber.index(named: name, of: layers.count) else { throw .noSuchFileOrDirectory }
    return try node(index, layers, context)
  }

  func entries(_ context: RequestContext) throws(Errno) -> any EntryStream {
    let layers = try layers(context)
    var entries: [DirectoryEntry] = []
    for index in layers.indices {
      let node = try node(index, layers, context)
      let name = LayerNumber.text(index, of: layers.count)
      entries.append(DirectoryEntry(name: name, inode: node.inode, kind: node.kind))
    }
    return EntryList(entries)
  }

  private func layers(_ context: RequestContext) throws(Errno) -> [Descriptor] {
    try image.known(context)?.manifest.layers ?? []
  }

  private func node(_ index: Int, _ layers: [Descriptor], _ context: RequestContext) throws(Errno) -> any Node {
    let name = FileName(LayerNumber.text(index, of: layers.count))
    return try ImageEntry(shared, path: path + [name], layers[index]).part(context)
  }
}
