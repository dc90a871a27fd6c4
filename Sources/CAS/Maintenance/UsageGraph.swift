import OCI

/// The content of a store as a graph whose edges are references, and the entries of the index that lead to it.
///
/// An edge says that content keeps other content from garbage collection: a manifest its parts and its subject, and a
/// subject what refers to it.
struct UsageGraph {
  /// Entries of the index that are removed together.
  private struct Root {
    var name: ReferenceName?
    var digest: Digest
    var nodes: [Int]

    var reference: String { name?.description ?? "@\(digest)" }
  }

  private typealias Link = ReferenceWalk.Link

  private static let maximumShares = 100

  private let engine: any Engine
  private var positions: [Digest: Int] = [:]
  private var children: [[Int]] = []
  private var sizes: [Int64] = []
  private var roots: [Root] = []
  /// The errors of manifests that cannot be read.
  private(set) var failures: [CASError] = []

  /// Reads the manifests of a store.
  init(_ engine: any Engine, _ cancellation: CancellationToken) throws(CASError) {
    self.engine = engine
    let (index, unreadable) = try engine.readableIndex(cancellation: cancellation)
    failures = unreadable.compactMap(\.failure)
    var walk = ReferenceWalk()
    try follow(addRoots(of: index), &walk, cancellation)
    roots.sort { $0.reference < $1.reference }
    if !(engine is any RemoteEngine) { try addReferrers(&walk, cancellation) }
  }

  // MARK: The graph

  private mutating func addRoots(of index: ImageIndex) -> [Link] {
    var names: [Int: ReferenceName] = [:]
    let named = index.namedEntries
    for entry in named where entry.isListed { names[entry.position] = entry.name }
    for entry in named where names[entry.position] == nil { names[entry.position] = entry.name }
    var links: [Link] = []
    var unnamed: [Digest: Int] = [:]
    for (position, entry) in index.entries.enumerated() {
      guard let descriptor = try? entry.descriptor.get() else { continue }
      let link = Link(descriptor, of: .index(entry.name))
      links.append(link)
      let node = node(link)
      if let name = names[position] {
        roots.append(Root(name: name, digest: link.digest, nodes: [node]))
      } else if let known = unnamed[link.digest] {
        roots[known].nodes.append(node)
      } else {
        unnamed[link.digest] = roots.count
        roots.append(Root(name: nil, digest: link.digest, nodes: [node]))
      }
    }
    return links
  }

  private mutating func follow(
    _ links: [Link], _ walk: inout ReferenceWalk, _ cancellation: CancellationToken
  ) throws(CASError) {
    try walk.follow(
      links, in: engine, cancellation, visit: { (link) in add(link) },
      failed: { (_, error) in failures.append(error) })
  }

  /// Adds the manifests with a subject that the index does not reach, as garbage collection does.
  private mutating func addReferrers(
    _ walk: inout ReferenceWalk, _ cancellation: CancellationToken
  ) throws(CASError) {
    var waiting: [(descriptor: Descriptor, subject: Digest)] = []
    try engine.forEachBlob(cancellation: cancellation) { (digest) throws(CASError) in
      guard !walk.reached.contains(digest) else { return }
      if let found = try ReferrerScan.readable(digest, mediaType: nil, in: engine, cancellation) {
        waiting.append(found)
      }
    }
    while true {
      let links = waiting.filter { walk.reached.contains($0.subject) }.map {
        Link($0.descriptor, of: .manifest($0.subject, as: Link.referrer))
      }
      if links.isEmpty { return }
      waiting.removeAll { walk.reached.contains($0.subject) }
      try follow(links, &walk, cancellation)
    }
  }

  private mutating func add(_ link: Link) {
    let child = node(link)
    guard case .manifest(let digest, let role) = link.origin, let parent = positions[digest] else { return }
    children[parent].append(child)
    if role == Link.subject { children[child].append(parent) }
  }

  /// The position of the target of a link, which is added if it is new.
  private mutating func node(_ link: Link) -> Int {
    if let known = positions[link.digest] { return known }
    let position = sizes.count
    positions[link.digest] = position
    children.append([])
    sizes.append(size(of: link))
    return position
  }

  private func size(of link: Link) -> Int64 {
    // A query for each blob of a registry would take longer than the answer is worth.
    if engine is any RemoteEngine { return link.size ?? 0 }
    return (try? engine.blobInfo(link.digest).size) ?? 0
  }

  // MARK: Its sums

  /// The usage of each reference, the largest size first.
  func references(_ cancellation: CancellationToken) throws(CASError) -> [ReferenceUsage] {
    let context = OperationContext("measure store", on: engine.uri, cancellation: cancellation)
    var owners = [[Int]](repeating: [], count: sizes.count)
    var reached: [[Int]] = []
    for root in roots.indices {
      try context.checkCancellation()
      reached.append(self.reached(from: roots[root]))
      for node in reached[root] { owners[node].append(root) }
    }
    var shared = [Int64](repeating: 0, count: roots.count)
    var result: [ReferenceUsage] = []
    for root in roots.indices {
      try context.checkCancellation()
      result.append(usage(of: root, reaching: reached[root], owners, &shared))
    }
    // A stable sort: references of one size stay in the order of their names.
    return result.sorted { $0.size > $1.size }
  }

  /// - Parameter shared: the bytes that are shared with each other root: zero before and after.
  private func usage(
    of root: Int, reaching nodes: [Int], _ owners: [[Int]], _ shared: inout [Int64]
  ) -> ReferenceUsage {
    var size: Int64 = 0
    var exclusive: Int64 = 0
    var sharers: [Int] = []
    for node in nodes {
      size = size.addingSaturating(sizes[node])
      if owners[node].count == 1 { exclusive = exclusive.addingSaturating(sizes[node]) }
      for other in owners[node] where other != root && sizes[node] > 0 {
        if shared[other] == 0 { sharers.append(other) }
        shared[other] = shared[other].addingSaturating(sizes[node])
      }
    }
    sharers.sort { (-shared[$0], $0) < (-shared[$1], $1) }
    let shares = sharers.prefix(Self.maximumShares).map {
      ReferenceUsage.Share(reference: roots[$0].reference, size: shared[$0])
    }
    for other in sharers { shared[other] = 0 }
    return ReferenceUsage(
      name: roots[root].name, digest: roots[root].digest, size: size, exclusiveSize: exclusive,
      shareCount: sharers.count, shares: shares)
  }

  private func reached(from root: Root) -> [Int] {
    var found: [Int] = []
    var seen: Set<Int> = []
    var waiting = root.nodes
    while let node = waiting.popLast() {
      guard seen.insert(node).inserted else { continue }
      found.append(node)
      waiting += children[node]
    }
    return found
  }
}
