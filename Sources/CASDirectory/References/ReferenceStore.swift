import CAS
import CASPlatform
import OCI
import SystemPackage

/// The references of a store, as one of the layouts keeps them.
///
/// Changes are made with the ``StoreLock`` held, and are durable when they return.
protocol ReferenceStore: Sendable {
  /// All references, as the content of an `index.json`.
  func index(_ context: OperationContext) throws(CASError) -> ImageIndex

  /// The descriptor of a name; `nil` if the name does not exist.
  func reference(named name: ReferenceName, _ context: OperationContext) throws(CASError) -> Descriptor?

  /// Gives a descriptor a name; succeeds also if the name has the same descriptor already.
  ///
  /// - Throws: `CASError.Code.clobber` if the name has another descriptor, which is not to be replaced;
  ///   `CASError.Code.invalid` if the name is new and not allowed.
  func put(
    _ descriptor: Descriptor, named name: ReferenceName, replacing: Bool, _ context: OperationContext
  ) throws(CASError)

  /// Checks that a put can give a descriptor this name.
  ///
  /// - Throws: `CASError.Code.invalid` if the name is new and not allowed, or too long for the layout.
  func checkPut(_ name: ReferenceName, _ context: OperationContext) throws(CASError)

  /// Renames a reference, in one step.
  ///
  /// - Throws: `CASError.Code.notFound`; `CASError.Code.clobber` if the other name is taken, and not to be replaced.
  func move(
    _ name: ReferenceName, to other: ReferenceName, replacing: Bool, _ context: OperationContext
  ) throws(CASError)

  /// Removes a name, if it exists.
  func delete(_ name: ReferenceName, _ context: OperationContext) throws(CASError)

  /// Applies the changes of a writer of an index: `Engine.changeIndex`.
  func change(
    _ change: IndexChange, refusesConflicts: Bool, _ context: OperationContext
  ) throws(CASError) -> [IndexMerge.Conflict]

  /// Runs `body` with all references, with the lock held and after what other tools wrote was made durable.
  func withReferencesLocked<Result>(
    _ context: OperationContext, _ body: (ImageIndex) throws(CASError) -> Result
  ) throws(CASError) -> Result
}
