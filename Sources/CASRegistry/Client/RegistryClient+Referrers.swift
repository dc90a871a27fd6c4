import CAS
import NIOHTTP1
import OCI

extension RegistryClient {
  private static let maximumReferrers = 100_000

  /// Lists the manifests that refer to another, page by page (distribution-spec, "Listing Referrers"). Entries that are no
  /// descriptors are skipped, and repeated ones.
  ///
  /// - Parameter artifactType: the type that the registry is asked for, which it may ignore.
  /// - Returns: `nil` if the registry does not have such lists.
  func referrers(
    of subject: Digest, artifactType: String?, _ context: OperationContext
  ) throws(CASError) -> [Descriptor]? {
    let list = PagedList(
      client: self, name: "referrers", limit: Self.maximumReferrers,
      headers: [(name: "Accept", value: MediaType.imageIndex)], key: \.digest, parse: Self.referrers(of:))
    let query =
      artifactType.map { "?artifactType=" + PercentEncoding.encodeQuery($0, keeping: "/".unicodeScalars) } ?? ""
    let first = try list.page("/v2/\(address.repository)/referrers/\(subject)\(query)", context)
    if Self.meansUnsupported(first.response.status) {
      drop(first.response)
      return nil
    }
    // The answer may be a page for people.
    if first.response.status == 200, list.elements(of: first) == nil { return nil }
    return try list.elements(from: first, context)
  }

  private static func referrers(of page: JSON) -> [Descriptor]? {
    guard page["schemaVersion"] != nil else { return nil }
    guard case .array(let entries)? = page["manifests"] else { return [] }
    return entries.compactMap { try? Descriptor($0) }
  }

  /// Whether a status may be the answer to a request that a registry does not know.
  private static func meansUnsupported(_ status: Int) -> Bool { [400, 404, 405, 406, 415, 501].contains(status) }
}
