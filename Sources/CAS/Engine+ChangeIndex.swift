public import OCI

extension Engine {
  /// Applies the changes of a writer as puts and deletes of references, one by one: for a store that keeps references and no
  /// index. Entries without a name are not kept.
  ///
  /// Puts come before deletes, in the order of the written index.
  ///
  /// - Throws: ``CASError/Code-swift.struct/clobber`` for a refused conflict, and
  ///   ``CASError/Code-swift.struct/invalid`` for a name that the store cannot have; nothing is changed then. The error of
  ///   the first put or delete that fails for another reason; those before it stay.
  public func changeIndex(
    _ change: IndexChange, refusesConflicts: Bool, cancellation: CancellationToken
  ) throws(CASError) -> [IndexMerge.Conflict] {
    let context = OperationContext("change index", on: uri, cancellation: cancellation)
    let current = try index()
    let merge = try context.merge(change, with: current.text, refusesConflicts: refusesConflicts)
    let steps = try context.steps(from: current, to: merge)
    for step in steps where step.descriptor != nil { try checkNewReference(named: step.name) }
    for step in steps {
      if let descriptor = step.descriptor {
        try putReference(descriptor, named: step.name, replacing: true, cancellation: cancellation)
      } else {
        try deleteReference(named: step.name, cancellation: cancellation)
      }
    }
    return merge.conflicts
  }
}

extension OperationContext {
  /// A reference to put; to delete, if the descriptor is `nil`.
  package struct ReferenceStep: Sendable {
    /// The name.
    package let name: ReferenceName
    /// The new descriptor.
    package let descriptor: Descriptor?
  }

  /// Merges a change with the current index.
  ///
  /// - Throws: `clobber` with the name and both digests of a refused conflict.
  package func merge(
    _ change: IndexChange, with current: IndexText, refusesConflicts: Bool
  ) throws(CASError) -> IndexMerge {
    let merge = IndexMerge(change, to: current)
    if refusesConflicts, let conflict = merge.conflicts.first {
      throw CASError(
        .clobber, on(conflict.name),
        cause: "another writer moved it to \(conflict.lost) meanwhile, not to \(conflict.kept)")
    }
    return merge
  }

  /// Returns what turns the references of one index into those of a merged one: puts first, so that content stays reachable.
  package func steps(from current: ImageIndex, to merge: IndexMerge) throws(CASError) -> [ReferenceStep] {
    let merged: ImageIndex
    do throws(InvalidValue) {
      merged = try ImageIndex(parsing: merge.content, like: current)
    } catch {
      throw .invalid(self, error)
    }
    let old = Dictionary(current.references.map { ($0.name, $0.descriptor) }) { (first, _) in first }
    let new = merged.references
    let names = Set(new.map(\.name))
    return new.filter { old[$0.name] != $0.descriptor }
      .map { ReferenceStep(name: $0.name, descriptor: $0.descriptor.named(nil)) }
      + current.references.filter { !names.contains($0.name) }.map { ReferenceStep(name: $0.name, descriptor: nil) }
  }
}
