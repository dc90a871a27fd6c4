import CASPlatform
import SystemPackage

/// A directory below `incoming`; its members are the namespace's.
final class IncomingInode: Sendable {
  let number: UInt64
  private let metadata: Monitor<FileMetadata>

  init(number: UInt64, _ metadata: FileMetadata) {
    self.number = number
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
