import CAS
import CASPlatform
import OCI
import SystemPackage

/// How a layout keeps references.
protocol ReferenceStore: Sendable {
  /// All references as an index.
  func index(_ context: OperationContext) throws(CASError) -> ImageIndex

  /// The descriptor of a name; `nil` when there is none.
  func reference(named name: ReferenceName, _ context: OperationContext) throws(CASError) -> Descriptor?

  /// Gives a descriptor a name.
  func put(
    _ descriptor: Descriptor, named name: ReferenceName, replacing: Bool, _ context: OperationContext
  ) throws(CASError)

  /// Gives the descriptor of a name another name instead.
  func move(
    _ name: ReferenceName, to other: ReferenceName, replacing: Bool, _ context: OperationContext
  ) throws(CASError)

  /// Removes a name, if it is there.
  func delete(_ name: ReferenceName, _ context: OperationContext) throws(CASError)

  /// Runs `body` with all references, durable, while nobody of ours changes them.
  func hold<Result>(
    _ context: OperationContext, _ body: (ImageIndex) throws(CASError) -> Result
  ) throws(CASError) -> Result
}

extension ReferenceStore {
  /// Refuses a name that is not there yet and that the specification does not allow.
  func checkNew(_ name: ReferenceName, _ context: OperationContext) throws(CASError) {
    do throws(InvalidValue) {
      _ = try ReferenceName(name.description)
    } catch {
      throw .invalid(context.on(name), error)
    }
  }
}

/// Reads a file that another tool may be writing in place: half of it is no error yet.
enum TornReadRetry {
  /// How long a text that makes no sense is read again.
  static let rereadPeriod = Duration.seconds(1)

  /// Reads until the text makes sense, or it is time to give up; then fails with the reason and EIO.
  ///
  /// - Parameter read: gives what was read, or why it makes no sense.
  static func read<Value>(
    _ context: OperationContext, file: String, until deadline: ContinuousClock.Instant = .now + rereadPeriod,
    _ read: () throws(CASError) -> Result<Value, InvalidValue>
  ) throws(CASError) -> Value {
    while true {
      switch try read() {
      case .success(let value): return value
      case .failure(let reason):
        if reason.exceedsBounds { throw .invalid(context, file: file, reason.reason) }
        if ContinuousClock.now >= deadline {
          throw CASError(.io(.ioError), context, cause: "\(file): \(reason)")
        }
      }
      Thread.sleep(for: .milliseconds(50))
    }
  }
}

extension OpenFile {
  /// Writes a new file under a temporary name and renames it to its own, durably, replacing what has that.
  ///
  /// - Parameter root: where temporary files are.
  /// - Parameter owner: whose permissions and owner the new file gets, as far as we may; `nil` means mode 0644.
  /// - Parameter isCurrent: looked at right before the rename; when it no longer holds nothing is changed.
  /// - Returns: whether the file is in its place.
  func replaceFile(
    _ name: String, with content: [UInt8], root: OpenFile, like owner: FileStatus?, if isCurrent: () -> Bool
  ) throws(Errno) -> Bool {
    let temporary = try TemporaryFile.named(in: root)
    try temporary.file.write(content.span, at: 0)
    if let owner { try? temporary.file.setOwner(user: owner.user, group: owner.group) }
    try temporary.file.setPermissions((owner?.permissions ?? 0o644) & 0o777)
    try temporary.file.synchronize()
    guard isCurrent() else { return false }
    try temporary.replace(name, in: self)
    try synchronize()
    return true
  }
}
