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

  private func names(_ context: RequestContext) throws(Errno) -> [FileName] {
    let count = try image.known(context)?.manifest.layers.count ?? 0
    return (0..<count).map { FileName(LayerNumber.text($0, of: count)) }
  }

  func child(named name: String, _ context: RequestContext) throws(Errno) -> any Node {
    guard let index = try names(context).firstIndex(of: FileName(name)) else { throw .noSuchFileOrDirectory }
    return ImageRootDirectory(
      ImageFileSystem(shared, path: path + [FileName(name)], image.descriptor, layer: index))
  }

  func entries(_ context: RequestContext) throws(Errno) -> any EntryStream {
    EntryList(
      try names(context).map { (name) in
        DirectoryEntry(name: name.text, inode: ImagesDirectory.inode(path + [name]), kind: .directory)
      })
  }
}
