/// Returns the value of an expression; `nil` if it throws ``CASError/Code-swift.struct/notFound``.
package func ifFound<Value>(_ value: @autoclosure () throws(CASError) -> Value) throws(CASError) -> Value? {
  do throws(CASError) {
    return try value()
  } catch {
    guard error.code == .notFound else { throw error }
    return nil
  }
}
