import CAS
import OCI

extension Engine {
  /// Returns the descriptor of a name that the user typed. If a whole name has this as its short form, as Docker accepts
  /// it, the error names the whole name. The short form itself is not a name, because a command that removes could take
  /// one image for another.
  func knownReference(named name: ReferenceName) throws(CASError) -> Descriptor {
    do throws(CASError) {
      return try reference(named: name)
    } catch {
      guard error.code == .notFound, let whole = wholeName(of: name) else { throw error }
      throw CASError(
        error.code, operation: error.operation, subject: error.subject, cause: "not found; \(whole) is there")
    }
  }

  private func wholeName(of name: ReferenceName) -> ReferenceName? {
    guard !(self is any RemoteEngine), let index = try? index() else { return nil }
    let candidates = ["docker.io/library/\(name)", "docker.io/\(name)", "docker.io/library/\(name):latest"]
    return candidates.lazy.compactMap { try? ReferenceName(reading: $0) }.first { index.entry(named: $0) != nil }
  }
}
