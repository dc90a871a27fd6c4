/// Comparisons that belong together and are asked for by one name.
protocol Suite: SendableMetatype {
  /// The name.
  static var name: String { get }

  /// What is compared. The stores for it are made here, and everything mounted until the theme is done.
  static func comparisons(_ setting: Setting) throws -> [Comparison]
}

/// All themes, in the order of the report.
let suites: [any Suite.Type] = [
  Reads.self, Operations.self, Listings.self, Traversal.self, Ingest.self, Writers.self, Scale.self, Memory.self,
  StartUp.self,
]
