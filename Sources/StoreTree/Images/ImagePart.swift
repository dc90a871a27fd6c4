/// A directory of an image. Its inode number is a hash of its path below `images`.
protocol ImagePart: SyntheticDirectory {
  var path: [FileName] { get }
}

extension ImagePart {
  var parentInode: UInt64 { ImagesDirectory.inode(Array(path.dropLast())) }
  var entryTimeout: Duration { CacheTimeout.brief }
}
