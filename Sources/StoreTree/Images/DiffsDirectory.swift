import CAS
import CASPlatform
import OCI
import SystemPackage

/// `diffs`: each layer of an image alone, with its whiteouts as files, under the numbers of `layers`.
final class DiffsDirectory: ImagePart {
  let shared: TreeContext
  let path: [FileName]
  let inode: UInt64
  private let descriptor: Descriptor
  private let manifest: Manifest

  /// - Parameter descriptor: that of the manifest.
  init(_ shared: TreeContext, path: [FileName], _ descriptor: Descriptor, _ manifest: Manifest) {
    self.shared = shared
    self.path = path
    self.descriptor = descriptor
    self.manifest = manifest
    inode = ImagesDirectory.inode(path)
  }

  func isSame(as other: any Node) -> Bool {
    guard let other = other as? DiffsDirectory else { return false }
    return path == other.path && descriptor == other.descriptor
  }

  private func name(_ index: Int) -> FileName { FileName(LayerNumber.text(index, of: manifest.layers.count)) }

  func child(named name: String, _ context: RequestContext) throws(Errno) -> any Node {
    guard let index = Int(name), manifest.layers.indices.contains(index), self.name(index) == FileName(name) else {
      throw .noSuchFileOrDirectory
    }
    return ImageRootDirectory(
      ImageFileSystem(shared, path: path + [FileName(name)], descriptor, layer: index))
  }

  func entries(_ context: RequestContext) throws(Errno) -> any EntryStream {
    EntryList(
      manifest.layers.indices.map { (index) in
        let name = name(index)
        return DirectoryEntry(name: name.text, inode: ImagesDirectory.inode(path + [name]), kind: .directory)
      })
  }
}
