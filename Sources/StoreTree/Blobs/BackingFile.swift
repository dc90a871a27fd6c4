public import CASPlatform
import Synchronization

/// A file of the store that the kernel can read without the daemon.
public final class BackingFile: Sendable {
  /// The file.
  public let file: OpenFile
  /// Kept with the file, so that a blob that is reopened while it is cached keeps its id.
  private let id = Mutex<BackingID?>(nil)

  init(_ file: OpenFile) {
    self.file = file
  }

  /// The file's id, registered at the first use.
  ///
  /// - Parameter register: registers the file with the kernel; `nil` if the kernel refuses it, until the next call.
  public func id(registering register: (OpenFile) -> BackingID?) -> BackingID? {
    id.withLock { id in
      if id == nil { id = register(file) }
      return id
    }
  }
}

/// The number by which the kernel knows a file that it reads without the daemon: FUSE's `backing_id`. Closed with its
/// last reference.
public final class BackingID: Sendable {
  /// The number.
  public let rawValue: Int32
  private let close: @Sendable (Int32) -> Void

  /// Takes over a number.
  ///
  /// - Parameter close: releases it in the kernel.
  public init(_ rawValue: Int32, closingWith close: @escaping @Sendable (Int32) -> Void) {
    self.rawValue = rawValue
    self.close = close
  }

  deinit {
    close(rawValue)
  }
}
