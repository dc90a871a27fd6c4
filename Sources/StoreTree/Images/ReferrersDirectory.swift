import CAS
import CASPlatform
import OCI
import SystemPackage

/// `referrers`: the manifests that refer to one, such as signatures, each a directory like that of an image.
final class ReferrersDirectory: ImagePart {
  private let image: ImageDirectory
  let inode: UInt64
  var shared: TreeContext { image.shared }
  var path: [FileName] { image.path + [FileName("referrers")] }

  init(_ image: ImageDirectory) {
    self.image = image
    inode = ImagesDirectory.inode(image.path + [FileName("referrers")])
  }

  func isSame(as other: any Node) -> Bool {
    guard let other = other as? ReferrersDirectory else { return false }
    return path == other.path && image.descriptor.digest == other.image.descriptor.digest
  }

  func child(named name: String, _ context: RequestContext) throws(Errno) -> any Node {
    guard name.utf8.first == UInt8(ascii: "@"), let digest = try? Digest(name.dropFirst()),
      let referrer = try referrers(context)[digest], isShown(digest)
    else { throw .noSuchFileOrDirectory }
    return ImageDirectory(shared, path: path + [FileName(name)], referrer, image.lineage.ofReferrer)
  }

  func entries(_ context: RequestContext) throws(Errno) -> any EntryStream {
    EntryList(
      try referrers(context).all.map(\.digest).filter(isShown).sorted().map { (digest) in
        let name = "@\(digest)"
        return DirectoryEntry(
          name: name, inode: ImagesDirectory.inode(path + [FileName(name)]), kind: .directory)
      })
  }

  private func referrers(_ context: RequestContext) throws(Errno) -> Referrers {
    context.willBlock()
    return try shared.errors.map(
      try shared.referrers.referrers(of: image.descriptor.digest, cancellation: context.cancellation))
  }

  private func isShown(_ digest: Digest) -> Bool { !image.lineage.contains(digest) }
}
