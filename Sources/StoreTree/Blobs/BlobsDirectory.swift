import CAS
import CASPlatform
import Logging
import OCI
import SystemPackage

/// `blobs`: a directory for each digest algorithm.
final class BlobsDirectory: SyntheticDirectory, LayoutNode {
  let shared: TreeContext
  private let directories: [AlgorithmDirectory]

  init(_ shared: TreeContext) {
    self.shared = shared
    directories = Digest.Algorithm.allCases.map { AlgorithmDirectory(shared, $0) }
  }

  var inode: UInt64 { Inode.blobs }
  var entryTimeout: Duration { CacheTimeout.lasting }

  func child(named name: String, _ context: RequestContext) throws(Errno) -> any Node {
    guard let directory = directories.first(where: { $0.algorithm.rawValue.sameBytes(as: name) }) else {
      throw .noSuchFileOrDirectory
    }
    return directory
  }

  func entries(_ context: RequestContext) throws(Errno) -> any EntryStream {
    EntryList(
      directories.map { DirectoryEntry(name: $0.algorithm.rawValue, inode: $0.inode, kind: .directory) })
  }
}
