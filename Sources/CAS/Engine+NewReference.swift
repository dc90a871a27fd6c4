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
    do throws(InvalidValue) {
      _ = try ReferenceName(name.description)
    } catch {
      throw .invalid(OperationContext("put reference", on: name), error)
    }
  }
}
