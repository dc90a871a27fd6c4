import CAS
import NIOHTTP1
import OCI

extension RegistryClient {
  /// The longest page of referrers, in bytes.
  private static let pageSizeLimit = 16 << 20
  private static let maximumReferrers = 100_000

  /// Lists the manifests that refer to another, page by page (distribution-spec, "Listing Referrers"). Entries that are no
  /// descriptors are skipped, and repeated ones.
  ///
  /// - Parameter artifactType: the type that the registry is asked for, which it may ignore.
  /// - Returns: `nil` if the registry does not have such lists.
  func referrers(
    of subject: Digest, artifactType: String?, _ context: OperationContext
  ) throws(CASError) -> [Descriptor]? {
    var found: [Descriptor] = []
    var seen: Set<Digest> = []
    let query =
      artifactType.map { "?artifactType=" + PercentEncoding.encodeQuery($0, keeping: "/".unicodeScalars) } ?? ""
    var target: String? = "/v2/\(address.repository)/referrers/\(subject)\(query)"
    var isFirst = true
    while let page = target {
      let request = RegistryRequest(
        method: .GET, target: page, headers: [(name: "Accept", value: MediaType.imageIndex)])
      let (response, body) = try fetch(request, limit: Self.pageSizeLimit, context)
      guard response.status == 200 else {
        let error = failure(response, context)
        guard isFirst, Self.meansUnsupported(response.status) else { throw error }
        return nil
      }
      guard let value = body.flatMap({ try? JSON(parsing: $0) }), value["schemaVersion"] != nil else {
        // The answer may be a page for people.
        if isFirst { return nil }
        throw malformedResponse(context, "malformed list of referrers")
      }
      let count = found.count
      if case .array(let entries)? = value["manifests"] {
        for descriptor in entries.compactMap({ try? Descriptor($0) }) where seen.insert(descriptor.digest).inserted {
          found.append(descriptor)
        }
      }
      target = try nextPage(response, context)
      // A page that links to an earlier one would never end.
      guard target == nil || found.count > count && found.count <= Self.maximumReferrers else {
        throw malformedResponse(context, "endless list of referrers")
      }
      isFirst = false
    }
    return found
  }

  /// Whether a status may be the answer to a request that a registry does not know.
  private static func meansUnsupported(_ status: Int) -> Bool { [400, 404, 405, 406, 415, 501].contains(status) }
}
