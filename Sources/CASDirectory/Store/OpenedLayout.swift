import CAS
import CASPlatform
import OCI
import SystemPackage

/// An open directory that was validated as an image layout.
struct OpenedLayout {
  let root: OpenFile
  /// The path as the caller gave it, for messages.
  let path: String
  let references: any ReferenceStore
  /// Whether symbolic links in it are followed.
  let links: LinkPolicy

  /// The longest `oci-layout` that is read, in bytes.
  private static let layoutFileSizeLimit = 64 << 10
  /// An `oci-layout` changed within this may still be being written.
  private static let recentPeriod = Duration.seconds(1)

  /// Opens a directory and validates it as a store, in either layout. Nothing is written.
  ///
  /// - Throws: `CASError.Code.invalid` with the name of the malformed file; `CASError.Code.notFound`;
  ///   `CASError.Code.io(_:)`.
  init(opening path: String, links: LinkPolicy = .refuse, _ context: OperationContext) throws(CASError) {
    self.path = path
    self.links = links
    do throws(Errno) {
      root = try OpenFile.open(path: path, [.readOnly, .directory])
    } catch {
      if error == .notDirectory {
        throw CASError(.invalid, context, cause: "not a directory")
      }
      throw CASError(error, context)
    }
    try Self.validateLayoutFile(root, links, context)
    _ = try Self.openDirectory("blobs", root, links, context)
    let index: FileStatus?
    do throws(Errno) {
      index = try root.status(of: ImageIndex.fileName)
    } catch {
      guard error == .noSuchFileOrDirectory else {
        throw CASError(error, context, file: ImageIndex.fileName)
      }
      index = nil
    }
    if index == nil {
      references = RefsStore(root, refs: try Self.openReferences(root, links, context), path: path, links)
      return
    }
    let references = IndexStore(root, path: path, links)
    do throws(CASError) {
      _ = try references.index(context)
    } catch {
      guard error.code == .io(.ioError) else { throw error }
      throw CASError(.invalid, context, cause: error.cause)
    }
    self.references = references
  }

  private static func validateLayoutFile(
    _ root: OpenFile, _ links: LinkPolicy, _ context: OperationContext
  ) throws(CASError) {
    let deadline = ContinuousClock.now + TornReadRetry.timeout
    while true {
      let file = try readLayoutFile(root, links, context)
      do throws(InvalidValue) {
        return try ImageLayout.validate(file.content)
      } catch {
        // Other tools rewrite the file in place with every image they put, so it may be torn.
        guard file.mayBeTorn, (try? JSON(parsing: file.content)) == nil, ContinuousClock.now < deadline else {
          throw .invalid(context, file: ImageLayout.fileName, error.reason)
        }
      }
      Thread.sleep(for: .milliseconds(20))
    }
  }

  /// The content of `oci-layout`, and whether another tool may be writing the file.
  private static func readLayoutFile(
    _ root: OpenFile, _ links: LinkPolicy, _ context: OperationContext
  ) throws(CASError) -> (content: [UInt8], mayBeTorn: Bool) {
    let name = ImageLayout.fileName
    do throws(Errno) {
      let (file, status) = try links.openFile(name, in: root)
      let content = try file.contents(limit: layoutFileSizeLimit)
      return (content, (.zero...recentPeriod).contains(.seconds(status.identity.modified.age)))
    } catch {
      switch error {
      case .noSuchFileOrDirectory: throw .invalid(context, file: name, "not found")
      case .fileTooLarge: throw .invalid(context, file: name, "more than \(layoutFileSizeLimit) bytes")
      case .tooManySymbolicLinkLevels: throw .invalid(context, file: name, links.loopReason)
      case .invalidArgument: throw .invalid(context, file: name, "not a regular file")
      default: throw CASError(error, context, file: name)
      }
    }
  }

  private static func openReferences(
    _ root: OpenFile, _ links: LinkPolicy, _ context: OperationContext
  ) throws(CASError) -> OpenFile {
    do throws(CASError) {
      return try openDirectory("refs", root, links, context)
    } catch {
      guard error.code == .invalid, (try? root.status(of: "refs")) == nil else { throw error }
      throw .invalid(context, file: ImageIndex.fileName, "not found, and neither is a directory refs")
    }
  }

  private static func openDirectory(
    _ name: String, _ root: OpenFile, _ links: LinkPolicy, _ context: OperationContext
  ) throws(CASError) -> OpenFile {
    do throws(Errno) {
      return try links.openDirectory(name, in: root)
    } catch {
      switch error {
      case .noSuchFileOrDirectory: throw .invalid(context, file: name, "not found")
      case .tooManySymbolicLinkLevels: throw .invalid(context, file: name, links.loopReason)
      case .notDirectory: throw .invalid(context, file: name, "not a directory")
      default: throw CASError(error, context, file: name)
      }
    }
  }
}
