import CASPlatform
import SystemPackage

/// How symbolic links in a store are treated: all opens of files of the store by name go through it.
enum LinkPolicy: Sendable {
  /// Links are not followed: nothing in a store leads out of it.
  case refuse
  /// Links to regular files and directories are followed, wherever they lead. The store is read-only then.
  case follow

  /// The reason for which a link is not read, with the ways out.
  static let refusal = "symbolic link: copy the store with cp -rL, or give follow_links"
  /// The reason for which a link is not read although links are followed.
  static let dangling = "symbolic link that leads to nothing"

  /// Opens a directory of the store.
  ///
  /// - Throws: ELOOP for a link that is not to be followed, or leads in a circle.
  func openDirectory(_ path: String, in directory: OpenFile) throws(Errno) -> OpenFile {
    switch self {
    case .refuse: try directory.openBeneath(path, [.readOnly, .directory])
    case .follow: try directory.openFollowingLinks(path, [.readOnly, .directory])
    }
  }

  /// Opens a regular file. FIFOs and devices are not opened, as that can block or have effects.
  ///
  /// - Throws: ELOOP for a link that is not to be followed, or leads in a circle; EINVAL for anything else that is not a
  ///   regular file; ENOENT.
  func openFile(_ name: String, in directory: OpenFile) throws(Errno) -> (file: OpenFile, status: FileStatus) {
    _ = try status(of: name, in: directory)
    // The entry may have been replaced since, so the open file is checked too.
    let file =
      switch self {
      case .refuse: try directory.openBeneath(name, [.readOnly, .nonBlocking])
      case .follow: try directory.openFollowingLinks(name, [.readOnly, .nonBlocking])
      }
    let status = try file.status()
    guard status.kind == .regular else { throw .invalidArgument }
    return (file, status)
  }

  /// The status of a regular file.
  ///
  /// - Throws: as ``openFile(_:in:)``.
  func status(of name: String, in directory: OpenFile) throws(Errno) -> FileStatus {
    let status =
      switch self {
      case .refuse: try directory.status(of: name)
      case .follow: try directory.statusFollowingLinks(of: name)
      }
    switch status.kind {
    case .regular: return status
    case .symbolicLink: throw .tooManySymbolicLinkLevels
    case .directory, .special: throw .invalidArgument
    }
  }

  /// Whether a name is a link that leads to nothing.
  func isDangling(_ name: String, in directory: OpenFile) -> Bool {
    self == .follow && (try? directory.status(of: name).kind) == .symbolicLink
  }

  /// The reason for an ELOOP.
  var loopReason: String {
    switch self {
    case .refuse: Self.refusal
    case .follow: "symbolic link that leads in a circle"
    }
  }
}
