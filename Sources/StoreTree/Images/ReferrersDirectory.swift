import CAS
import CASPlatform
import OCI
import SystemPackage

/// `referrers`: the manifests that refer to one, such as signatures, each a directory like that of an image.
final class ReferrersDirectory: ImagePart {
  let shared: TreeContext
  let path: [FileName]
  let inode: UInt64
  private let subject: Digest
  private let lineage: ImageLineage

  /// - Parameter lineage: that of the content of the subject.
  init(_ shared: TreeContext, path: [FileName], of subject: Digest, _ lineage: ImageLineage) {
    self.shared = shared
    self.path = path
    self.subject = subject
    self.lineage = lineage
    inode = ImagesDirectory.inode(path)
  }

  func isSame(as other: any Node) -> Bool {
    guard let other = other as? ReferrersDirectory else { return false }
    return path == other.path && subject == other.subject
  }

  func child(named name: String, _ context: RequestContext) throws(Errno) -> any Node {
    guard name.utf8.first == UInt8(ascii: "@"), let digest = try? Digest(name.dropFirst()),
      let referrer = try referrers(context)[digest], isShown(digest)
    else { throw .noSuchFileOrDirectory }
    return ImageDirectory(shared, path: path + [FileName(name)], referrer, lineage.ofReferrer)
  }

  func entries(_ context: RequestContext) throws(Errno) -> any EntryStream {
    EntryList(
      try referrers(context).all.filter { isShown($0.digest) }.map { (referrer) in
        let name = "@\(referrer.digest)"
        return DirectoryEntry(
          name: name, inode: ImagesDirectory.inode(path + [FileName(name)]), kind: .directory)
      })
  }

  private func referrers(_ context: RequestContext) throws(Errno) -> Referrers {
    context.willBlock()
    return try shared.errors.map(
      try shared.referrers.referrers(of: subject, cancellation: context.cancellation))
  }

  private func isShown(_ digest: Digest) -> Bool { !lineage.manifests.contains(digest) }
}
