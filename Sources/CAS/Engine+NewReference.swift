public import OCI

extension Engine {
  /// Accepts a name that has a reference, or follows the grammar of new names.
  public func checkNewReference(named name: ReferenceName) throws(CASError) {
    do throws(CASError) {
      _ = try reference(named: name)
      return
    } catch {
      guard error.code == .notFound else { return }
    }
    try OperationContext("put reference", on: name).checkGrammar(of: name)
  }
}
