/// A kind of request of the distribution specification, as `Server/habits.py` names it.
enum RequestKind: String, CaseIterable, Sendable {
  case headBlob = "head-blob"
  case blob
  case headManifest = "head-manifest"
  case manifest
  case start
  case patch
  case upload
  case putManifest = "put-manifest"
  case tags
  case deleteManifest = "delete-manifest"
  case deleteBlob = "delete-blob"

  static let notHeads = all.subtracting([headBlob, headManifest])
  /// The requests whose answer has a body.
  static let reads: Set = [blob, manifest, tags]
  static let changes: Set = [start, patch, upload, putManifest, deleteManifest, deleteBlob]
  static let all = Set(allCases)
}

/// A way in which registries answer, and the requests that fail by it, each with a word of the error. All others succeed.
struct Habit: Sendable {
  var name: String
  var failures: [RequestKind: String] = [:]

  init(_ name: String, _ failures: (Set<RequestKind>, String)...) {
    self.name = name
    for (kinds, word) in failures {
      for kind in kinds { self.failures[kind] = word }
    }
  }

  static let all = statuses + headers + redirects + bodies + pages + connections

  /// A HEAD is a question that a registry may refuse; GET has the answer.
  private static let statuses =
    [400, 401, 403, 404, 405, 410, 412, 413, 416, 418, 451, 500, 501, 507].map { (status) in
      let word = status == 401 ? "WWW-Authenticate" : "answered \(status)"
      return Habit("\(status)", (RequestKind.notHeads, word))
    } + [
      Habit("busy", (RequestKind.all, "answered 429 with Retry-After: 0")),
      Habit("busy-once"),
      Habit("busy-for-long", (RequestKind.all, "answered 429 with Retry-After: 3600")),
      Habit("busy-for-long-once", (RequestKind.all, "answered 429 with Retry-After: 3600")),
      Habit("maintained", (RequestKind.all, "answered 503 with Retry-After: ")),
      Habit("maintained-once"),
      Habit("broken", (RequestKind.notHeads, "answered 500: UNKNOWN: unknown here")),
      Habit("broken-once"),
      Habit("gateway", (RequestKind.all, "answered 502")),
      Habit("gateway-once"),
      Habit("silent-failure", (RequestKind.notHeads, "answered 500")),
      Habit("unlisted-page"),
      Habit("limited"),
      Habit(
        "not-yet-once", ([.blob, .manifest, .start, .tags], "answered 404"),
        ([.deleteManifest], "answered 404 to the deletion but still has the tag"),
        ([.deleteBlob], "answered 404 to the deletion but still has the blob")),
    ]

  private static let headers = [
    Habit("without-length"),
    Habit("zero-length", ([.blob, .manifest], "corrupt"), ([.tags], "malformed list")),
    Habit("short-length", ([.blob, .manifest], "corrupt"), ([.tags], "malformed list")),
    Habit("long-length", ([.manifest, .tags], "connection closed")),
    Habit("malformed-length", (RequestKind.notHeads, "malformed HTTP response")),
    Habit("without-digest"),
    Habit("without-type"),
    Habit("generic-type"),
    Habit("without-location", ([.start], "missing Location")),
    Habit("other-digest", ([.manifest], "corrupt"), ([.upload, .putManifest], "registry stored")),
    Habit("malformed-digest", ([.manifest, .upload, .putManifest], "invalid digest")),
    Habit("absolute-location"),
    Habit("location-without-host"),
    Habit("malformed-location", ([.start, .patch], "insecure redirect: file:")),
    Habit("accepted"),
  ]

  private static let redirects = [
    Habit("moved-301", (RequestKind.changes, "answered 301")),
    Habit("moved-302", (RequestKind.changes, "answered 302")),
    Habit("moved-303", (RequestKind.changes, "answered 303")),
    Habit("moved-307"),
    Habit("moved-308"),
    Habit("moved-to-another-host"),
    Habit("moved-in-a-circle", (RequestKind.notHeads, "answered 307 without a valid Location")),
    Habit("moved-to-nowhere", (RequestKind.notHeads, "answered 307 without a valid Location")),
    Habit("moved-to-a-file", (RequestKind.notHeads, "insecure redirect: file:")),
    Habit("moved-to-what-knows-get", (RequestKind.changes, "answered 403")),
  ]

  private static let bodies = [
    Habit("garbage", ([.blob, .manifest], "corrupt"), ([.tags], "malformed list")),
    Habit("empty", ([.blob, .manifest], "corrupt"), ([.tags], "malformed list")),
    Habit("shorter", ([.blob, .manifest], "corrupt"), ([.tags], "malformed list")),
    Habit("other-byte", ([.blob, .manifest], "corrupt"), ([.tags], "malformed list")),
    Habit("without-ranges"),
    Habit("compressed"),
    Habit("compressed-anyway", ([.blob, .manifest, .tags], "Content-Encoding: gzip")),
  ]

  private static let pages = [
    Habit("link"),
    Habit("link-absolute"),
    Habit("link-query"),
    Habit("link-among-others"),
    Habit("link-of-another-scheme"),
    Habit("link-elsewhere", ([.tags], "invalid Link to the next page: http://127.0.0.2:1/")),
    Habit("link-to-itself", ([.tags], "endless list")),
    Habit("empty-pages"),
    Habit("endless-empty-pages", ([.tags], "endless list")),
  ]

  private static let connections = [
    Habit("slow"),
    Habit("late"),
    Habit("closed-once"),
    Habit("closed", (RequestKind.notHeads, "connection closed")),
    Habit("lost-once"),
    Habit("lost", (RequestKind.notHeads, "connection closed")),
    Habit("cut-once"),
    Habit("cut", (RequestKind.reads, "connection closed")),
    Habit("not-http-once"),
    Habit("not-http", (RequestKind.notHeads, "malformed HTTP response")),
  ]
}
