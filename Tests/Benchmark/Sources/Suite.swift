/// Comparisons that are requested by one name.
protocol Suite: SendableMetatype {
  /// The name.
  static var name: String { get }

  /// The comparisons. Creates their stores, and mounts that stay until the suite ends.
  static func comparisons(_ setting: Setting) throws -> [Comparison]
}

/// All suites, in the order of the report.
let suites: [any Suite.Type] = [
  Reads.self, Operations.self, Listings.self, Traversal.self, Ingest.self, Writers.self, FileServers.self, Scale.self,
  Memory.self, StartUp.self, Layouts.self, References.self, RootFileSystems.self,
]
