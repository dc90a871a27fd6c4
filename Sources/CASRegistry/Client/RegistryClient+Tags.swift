import CAS
import FoundationEssentials
import NIOHTTP1
import OCI
import SystemPackage

extension RegistryClient {
  private static let tagsPerPage = 1000
  private static let maximumTags = 1_000_000

  /// Lists the tags, page by page (distribution-spec, "Listing Tags"). Malformed and repeated tags are skipped.
  ///
  /// - Throws: `CASError.Code.notFound` if the repository does not exist; `invalid` for an answer that is not a list, which
  ///   is taken as a refusal.
  func tags(_ context: OperationContext) throws(CASError) -> [ReferenceName] {
    let list = tagList
    var first = try list.page("\(tagsPath)?n=\(Self.tagsPerPage)", context)
    if Self.mayRefusePageSize(first.response.status) { first = try list.page(tagsPath, context) }
    return try list.elements(from: first, context)
  }

  private var tagList: PagedList<ReferenceName, ReferenceName> {
    PagedList(
      client: self, name: "tags", limit: Self.maximumTags, malformedCode: .invalid, key: { $0 }, parse: Self.tags(of:))
  }

  /// The tags of a page. Some registries send `null` in place of an empty array, or leave it out beside `name`.
  private static func tags(of page: JSON) -> [ReferenceName]? {
    let tags: [JSON]
    switch page["tags"] {
    case .array(let elements)?: tags = elements
    case .null?: return []
    case nil where page["name"] != nil: return []
    default: return nil
    }
    return tags.compactMap { (tag) in
      guard let text = tag.text, RegistryAddress.isTag(text) else { return nil }
      return try? ReferenceName(reading: text)
    }
  }

  /// Checks that the repository exists.
  ///
  /// - Parameter isRegistry: whether the server has shown that it is a registry.
  /// - Returns: `nil` if it does; the registry's answer if it does not list tags, so that only those that are asked for by
  ///   name are found.
  /// - Throws: `CASError.Code.notFound` if the repository does not exist.
  func checkRepository(isRegistry: Bool, _ context: OperationContext) throws(CASError) -> CASError? {
    let refusal: CASError
    do throws(CASError) {
      guard let found = try listingRefusal(isRegistry: isRegistry, context) else { return nil }
      refusal = found
    } catch {
      guard error.code == .io(.permissionDenied) else { throw error }
      refusal = error
    }
    // An account that may not read the repository gets the same answer for a tag that does not exist.
    if refusal.code == .io(.permissionDenied), try !mayRead(context) { throw refusal }
    return refusal
  }

  /// The answer of a registry that does not list tags; `nil` if it lists them.
  private func listingRefusal(isRegistry: Bool, _ context: OperationContext) throws(CASError) -> CASError? {
    let response = try firstPage(size: 1, context)
    if response.status == 200 {
      let list = tagList
      // A body that breaks says nothing; the list is read again when it is needed.
      guard let body = try? response.exchange.body(limit: type(of: list).pageSizeLimit),
        list.elements(of: (response, body)) == nil
      else { return nil }
      let error = list.malformed((response, body), context)
      guard isRegistry else { throw error }
      return error
    }
    let reason = reason(of: response)
    let error = failure(response, reason, context)
    let isAbsent = error.code == .notFound && ["NAME_UNKNOWN", "NOT_FOUND"].contains(reason?.code)
    guard isRegistry, !isAbsent, error.isRefusal || error.code == .notFound else { throw error }
    return error
  }

  /// Whether the registry answers a question for a tag, if only that there is none.
  private func mayRead(_ context: OperationContext) throws(CASError) -> Bool {
    let tag = "casfs-none-" + String(UInt64.random(in: .min ... .max), radix: 16)
    do throws(CASError) {
      let request = RegistryRequest(method: .GET, target: manifestPath(tag), headers: Self.acceptHeaders)
      let response = try send(request, context)
      drop(response)
      return response.status != 401 && response.status != 403
    } catch {
      guard error.code == .io(.permissionDenied) else { throw error }
      return false
    }
  }

  private func firstPage(size: Int, _ context: OperationContext) throws(CASError) -> RegistryResponse {
    let response = try send(RegistryRequest(method: .GET, target: tagsPath + "?n=\(size)"), context)
    guard Self.mayRefusePageSize(response.status) else { return response }
    return try send(RegistryRequest(method: .GET, target: tagsPath), context)
  }

  private var tagsPath: String { "/v2/\(address.repository)/tags/list" }

  /// Whether a status may be an answer to the parameter `n`, which some registries limit or do not know.
  private static func mayRefusePageSize(_ status: Int) -> Bool {
    400...499 ~= status && ![401, 403, 404, 405, 429].contains(status)
  }
}
