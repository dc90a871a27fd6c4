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
  func withReferencesLocked<Result>(
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
