import CAS
import CASPlatform
import OCI
import SystemPackage

/// `diffs`: each layer of an image alone, with its whiteouts as files, under the numbers of `layers`.
final class DiffsDirectory: ImagePart {
  private let image: ImageDirectory
  let inode: UInt64
  var shared: TreeContext { image.shared }
  var path: [FileName] { image.path + [FileName("diffs")] }

  init(_ image: ImageDirectory) {
    self.image = image
    inode = ImagesDirectory.inode(image.path + [FileName("diffs")])
  }

  func isSame(as other: any Node) -> Bool {
    guard let other = other as? DiffsDirectory else { return false }
    return image.isSame(as: other.image)
  }

  private func count(_ context: RequestContext) throws(Errno) -> Int {
    try image.known(context)?.manifest.layers.count ?? 0
  }

  func child(named name: String, _ context: RequestContext) throws(Errno) -> any Node {
    guard let index = LayerNumber.index(named: name, of: try count(context)) else { throw .noSuchFileOrDirectory }
    return ImageRootDirectory(
      ImageFileSystem(shared, path: path + [FileName(name)], image.descriptor, layer: index))
  }

  func entries(_ context: RequestContext) throws(Errno) -> any EntryStream {
    let count = try count(context)
    return EntryList(
      (0..<count).map { (index) in
        let name = FileName(LayerNumber.text(index, of: count))
        return DirectoryEntry(name: name.text, inode: ImagesDirectory.inode(path + [name]), kind: .directory)
      })
  }
}
