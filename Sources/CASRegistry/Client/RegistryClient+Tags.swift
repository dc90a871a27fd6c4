import CAS
import FoundationEssentials
import NIOHTTP1
import OCI
import SystemPackage

extension RegistryClient {
  private static let tagsPerPage = 1000
  /// The longest page of tags, in bytes.
  private static let pageSizeLimit = 16 << 20
  private static let maximumTags = 1_000_000
  /// The most pages in a row without a new tag.
  private static let maximumIdlePages = 100

  /// Lists the tags, page by page (distribution-spec, "Listing Tags"). Malformed and repeated tags are skipped.
  ///
  /// - Throws: `CASError.Code.notFound` if the repository does not exist.
  func tags(_ context: OperationContext) throws(CASError) -> [ReferenceName] {
    var names: [ReferenceName] = []
    var seen: Set<ReferenceName> = []
    var visited: Set<String> = []
    var idlePages = 0
    var target: String? = nil
    repeat {
      let (response, body) = try page(target, size: Self.tagsPerPage, context)
      guard let body, let page = try? JSON(parsing: body) else {
        throw malformedResponse(context, "malformed list of tags")
      }
      let count = names.count
      if case .array(let tags)? = page["tags"] {
        for tag in tags {
          guard let text = tag.text, RegistryAddress.isTag(text), let name = try? ReferenceName(reading: text),
            seen.insert(name).inserted
          else { continue }
          names.append(name)
        }
      }
      target = try nextPage(response, context)
      idlePages = names.count > count ? 0 : idlePages + 1
      // A page that links to an earlier one would never end.
      guard target.map({ visited.insert($0).inserted }) ?? true, idlePages <= Self.maximumIdlePages,
        names.count <= Self.maximumTags
      else { throw malformedResponse(context, "endless list of tags") }
    } while target != nil
    return names
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
      drop(response)
      return nil
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

  /// Requests a page of tags, the first without a target, and reads it.
  private func page(
    _ target: String?, size: Int, _ context: OperationContext
  ) throws(CASError) -> (RegistryResponse, body: [UInt8]?) {
    var answer = try fetch(
      RegistryRequest(method: .GET, target: target ?? tagsPath + "?n=\(size)"), limit: Self.pageSizeLimit, context)
    if target == nil, Self.mayRefusePageSize(answer.0.status) {
      answer = try fetch(RegistryRequest(method: .GET, target: tagsPath), limit: Self.pageSizeLimit, context)
    }
    guard answer.0.status == 200 else { throw failure(answer.0, context) }
    return answer
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

  /// The URL of the next page, from the `Link` header with the relation `next` (RFC 8288). Links to another host are
  /// rejected. The scheme is not taken from the link, because registries behind a proxy that adds TLS do not know theirs.
  func nextPage(_ response: RegistryResponse, _ context: OperationContext) throws(CASError) -> String? {
    guard let link = Link.all(in: response.headers).first(where: { $0.relations.contains("next") }) else { return nil }
    guard let url = URL(string: link.target, relativeTo: response.url)?.absoluteURL,
      ["http", "https"].contains(url.scheme), url.host?.lowercased() == response.url.host?.lowercased(),
      var components = URLComponents(url: url, resolvingAgainstBaseURL: true)
    else {
      throw malformedResponse(context, "invalid Link to the next page: \(link.target.sanitized)")
    }
    if Self.origin(of: url) != Self.origin(of: response.url) {
      guard url.port == nil || url.port == response.url.port else {
        throw malformedResponse(context, "Link to the next page on another port: \(link.target.sanitized)")
      }
      components.scheme = response.url.scheme
      components.port = response.url.port
    }
    return components.string
  }
}
