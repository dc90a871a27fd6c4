import CASPlatform
import SystemPackage

/// The identity and the metadata of a directory below `incoming`. ``IncomingNamespace`` has its members.
final class IncomingInode: Sendable {
  let number: UInt64
  /// The process that created the directory; 0 when it cannot be seen.
  let creator: ProcessIdentity
  private let metadata: Monitor<FileMetadata>

  init(number: UInt64, _ metadata: FileMetadata, creator: ProcessIdentity = .unseen) {
    self.number = number
    self.creator = creator
    self.metadata = Monitor(metadata)
  }

  var current: FileMetadata { metadata.withLock { $0 } }

  func change<Result>(_ body: (inout FileMetadata) throws(Errno) -> Result) throws(Errno) -> Result {
    try metadata.withLock(body)
  }

  func touch() {
    metadata.withLock { metadata in
      metadata.modified = .now
      metadata.changed = metadata.modified
    }
  }
}
