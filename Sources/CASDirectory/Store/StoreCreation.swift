import CAS
import CASPlatform
import OCI
import SystemPackage

/// Creates a store atomically: it is built in a temporary directory beside its place, and renamed.
enum StoreCreation {
  /// Creates an empty store at a path that does not exist, with the parent directories that are missing.
  ///
  /// - Throws: `CASError.Code.clobber` if the path exists; `CASError.Code.io(_:)` if a system call fails.
  static func create(_ path: String, _ layout: DirectoryLayout, _ context: OperationContext) throws(CASError) {
    let (parent, name) = split(path)
    guard !name.isEmpty, name != ".", name != ".." else { throw exists(context) }
    do throws(Errno) {
      let directory = try openMakingParents(parent)
      guard try isFree(name, in: directory) else { throw .fileExists }
      AbandonedStores.remove(from: directory)
      let (root, temporary) = try makeTemporary(in: directory)
      do throws(Errno) {
        try fill(root, layout)
        try rename(temporary, to: name, in: directory)
      } catch {
        AbandonedStores.empty(root)
        try? directory.removeDirectory(temporary)
        throw error
      }
      try directory.synchronizeDirectory()
    } catch {
      if error == .fileExists { throw exists(context) }
      throw CASError(.io(error), context, cause: error.description, underlyingError: error)
    }
  }

  private static func exists(_ context: OperationContext) -> CASError {
    CASError(.clobber, context, cause: "the path already exists")
  }

  /// The parent directory of a path, and the last component: `dirname(3)`, `basename(3)`.
  private static func split(_ path: String) -> (parent: String, name: String) {
    let slash = UInt8(ascii: "/")
    var bytes = Array(path.utf8)[...]
    while bytes.count > 1, bytes.last == slash { bytes.removeLast() }
    guard let last = bytes.lastIndex(of: slash) else { return (".", String(decoding: bytes, as: UTF8.self)) }
    let parent = bytes[..<last].isEmpty ? "/" : String(decoding: bytes[..<last], as: UTF8.self)
    return (parent, String(decoding: bytes[(last + 1)...], as: UTF8.self))
  }

  private static func openMakingParents(_ path: String) throws(Errno) -> OpenFile {
    do throws(Errno) {
      return try OpenFile.open(path: path, [.readOnly, .directory])
    } catch {
      let (parent, name) = split(path)
      guard error == .noSuchFileOrDirectory, !name.isEmpty, parent != path else { throw error }
      let directory = try openMakingParents(parent)
      do throws(Errno) {
        try directory.makeDirectory(name)
        try directory.synchronizeDirectory()
      } catch {
        // Another process was faster, or a dangling link has the name, with which the open below fails.
        guard error == .fileExists else { throw error }
      }
      return try OpenFile.open(path: path, [.readOnly, .directory])
    }
  }

  private static func isFree(_ name: String, in directory: OpenFile) throws(Errno) -> Bool {
    do throws(Errno) {
      _ = try directory.status(of: name)
      return false
    } catch {
      guard error == .noSuchFileOrDirectory else { throw error }
      return true
    }
  }

  /// Creates a directory with a temporary name, and locks it for as long as it is open.
  private static func makeTemporary(in directory: OpenFile) throws(Errno) -> (root: OpenFile, name: String) {
    for _ in 0..<100 {
      let name = TemporaryFile.randomName()
      try directory.makeDirectory(name)
      // Until it is locked, another process may take it for abandoned and remove it; then the next name is tried.
      let root: OpenFile
      do throws(Errno) {
        root = try directory.openBeneath(name, [.readOnly, .directory])
      } catch {
        if error == .noSuchFileOrDirectory { continue }
        try? directory.removeDirectory(name)
        throw error
      }
      if TemporaryFile.tryLock(root), TemporaryFile.isName(name, of: root, in: directory) { return (root, name) }
    }
    throw .resourceBusy
  }

  private static func fill(_ root: OpenFile, _ layout: DirectoryLayout) throws(Errno) {
    try root.makeDirectory("blobs")
    let blobs = try root.openBeneath("blobs", [.readOnly, .directory])
    try blobs.makeDirectory("sha256")
    try blobs.openBeneath("sha256", [.readOnly, .directory]).synchronizeDirectory()
    try blobs.synchronizeDirectory()
    switch layout {
    case .index: try write(ImageIndex().content, to: ImageIndex.fileName, in: root)
    case .refs:
      try root.makeDirectory("refs")
      try root.openBeneath("refs", [.readOnly, .directory]).synchronizeDirectory()
    }
    try write(ImageLayout.content, to: ImageLayout.fileName, in: root)
    try root.synchronizeDirectory()
  }

  private static func write(_ content: [UInt8], to name: String, in root: OpenFile) throws(Errno) {
    let file = try root.openBeneath(name, [.writeOnly, .createNew], mode: 0o644)
    try file.write(content.span)
    try file.synchronize()
  }

  private static func rename(_ name: String, to other: String, in directory: OpenFile) throws(Errno) {
    do throws(Errno) {
      try directory.rename(name, to: other, in: directory, replacing: false)
    } catch {
      guard error.isExclusiveRenameUnsupported else { throw error }
      // The file system does not support RENAME_NOREPLACE. Between the check and the rename, an empty directory at
      // most can be replaced.
      guard try isFree(other, in: directory) else { throw .fileExists }
      try directory.rename(name, to: other, in: directory)
    }
  }
}
