package import OCI

extension OperationContext {
  /// Rejects a name that a new reference cannot have. Existing ones can be read and changed.
  ///
  /// - Throws: ``CASError/Code-swift.struct/invalid`` for the name.
  package func checkGrammar(of name: ReferenceName) throws(CASError) {
    do throws(InvalidValue) {
      _ = try ReferenceName(name.description)
    } catch {
      throw .invalid(on(name), error)
    }
  }
}
