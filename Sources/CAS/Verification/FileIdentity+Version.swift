package import CASPlatform

extension FileIdentity {
  /// A hash of the identity, to compare two states of a file by one number.
  package var version: UInt64 {
    var version: UInt64 = 0
    let parts = [
      device, inode, UInt64(bitPattern: size), UInt64(bitPattern: modified.seconds), UInt64(modified.nanoseconds),
      UInt64(bitPattern: changed.seconds), UInt64(changed.nanoseconds),
    ]
    for part in parts {
      // The finalizer of SplitMix64: each bit of the input changes half of the output's bits.
      var mixed = (version ^ part) &+ 0x9E37_79B9_7F4A_7C15
      mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
      version = mixed ^ mixed >> 31
    }
    return version
  }
}

extension BlobInfo {
  /// Creates the metadata of a blob that is a whole file.
  package init(_ identity: FileIdentity) {
    self.init(size: identity.size, modified: identity.modified, version: identity.version)
  }

  /// Creates the metadata of a blob that is a whole file, with the space that the file takes.
  package init(_ status: FileStatus) {
    self.init(status.identity)
    allocatedSize = status.allocatedSize
  }
}
