import CAS
import FoundationEssentials
import NIOHTTP1
import OCI
import SystemPackage

/// A list that a registry sends page by page, each with a link to the next one (distribution-spec, "Listing Tags" and
/// "Listing Referrers"). An element that several pages have counts once.
struct PagedList<Element, Key: Hashable> {
  /// A page that was read. The body is `nil` if it is too long or the status is not 200.
  typealias Page = (response: RegistryResponse, body: [UInt8]?)

  let client: RegistryClient
  /// The kind of elements, for messages: "malformed list of NAME".
  let name: String
  /// The most elements.
  let limit: Int
  var headers: [(name: String, value: String)] = []
  /// The code of the error of an answer that is not a page.
  var malformedCode = CASError.Code.io(.ioError)
  /// The identity of an element.
  let key: (Element) -> Key
  /// The elements of a page; `nil` if the content is not a page.
  let parse: (JSON) -> [Element]?

  /// The longest page, in bytes.
  static var pageSizeLimit: Int { 16 << 20 }
  /// The most pages in a row without a new element.
  private static var maximumIdlePages: Int { 100 }

  /// Requests a page.
  func page(_ target: String, _ context: OperationContext) throws(CASError) -> Page {
    try client.fetch(
      RegistryRequest(method: .GET, target: target, headers: headers), limit: Self.pageSizeLimit, context)
  }

  /// Returns the elements of a page; `nil` if it is not one.
  func elements(of page: Page) -> [Element]? {
    page.body.flatMap { try? JSON(parsing: $0) }.flatMap(parse)
  }

  /// Reads the list.
  ///
  /// - Parameter first: the first page.
  /// - Throws: the error of a page that is refused; ``malformedCode`` for one that is malformed; EIO for a list without an
  ///   end.
  func elements(from first: Page, _ context: OperationContext) throws(CASError) -> [Element] {
    var found: [Element] = []
    var seen: Set<Key> = []
    var visited: Set<String> = []
    var idlePages = 0
    var page = first
    while true {
      guard page.response.status == 200 else { throw client.failure(page.response, context) }
      guard let elements = elements(of: page) else {
        throw malformed(page, context)
      }
      let count = found.count
      found += elements.filter { seen.insert(key($0)).inserted }
      idlePages = found.count > count ? 0 : idlePages + 1
      guard let next = try target(after: page.response, context) else { return found }
      // A page that links to an earlier one would never end.
      guard visited.insert(next).inserted, idlePages <= Self.maximumIdlePages, found.count <= limit else {
        throw client.malformedResponse(context, "endless list of \(name)")
      }
      page = try self.page(next, context)
    }
  }

  /// Makes the error of an answer with the status 200 that is not a page, such as the page of a login.
  func malformed(_ page: Page, _ context: OperationContext) -> CASError {
    let repository = client.address.repositoryName
    return CASError(
      malformedCode, context, cause: "\(repository): malformed list of \(name)\(page.response.contentHint)")
  }

  /// The URL of the next page, from the `Link` header with the relation `next` (RFC 8288). Links to another host are
  /// rejected. The scheme is not taken from the link, because registries behind a proxy that adds TLS do not know theirs.
  private func target(after response: RegistryResponse, _ context: OperationContext) throws(CASError) -> String? {
    guard let link = Link.all(in: response.headers).first(where: { $0.relations.contains("next") }) else { return nil }
    guard let url = URL(string: link.target, relativeTo: response.url)?.absoluteURL,
      ["http", "https"].contains(url.scheme), url.host?.lowercased() == response.url.host?.lowercased(),
      var components = URLComponents(url: url, resolvingAgainstBaseURL: true)
    else {
      throw client.malformedResponse(context, "invalid Link to the next page: \(link.target.sanitized)")
    }
    if RegistryClient.origin(of: url) != RegistryClient.origin(of: response.url) {
      guard url.port == nil || url.port == response.url.port else {
        throw client.malformedResponse(context, "Link to the next page on another port: \(link.target.sanitized)")
      }
      components.scheme = response.url.scheme
      components.port = response.url.port
    }
    return components.string
  }
}
