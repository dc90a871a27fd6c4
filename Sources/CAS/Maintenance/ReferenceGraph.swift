import OCI

/// The graph of an image: its manifests and blobs, and the references between them.
struct ReferenceGraph {
  private struct Node {
    var address: BlobAddress
    /// The number of manifests and blobs that it refers to.
    var childCount = 0
    var parents: [Digest] = []
  }

  private struct Edge: Hashable {
    var parent: Digest
    var child: Digest
  }

  private var nodes: [Digest: Node] = [:]
  /// The digests in the order in which they were found.
  private var order: [Digest] = []
  private var edges: Set<Edge> = []

  /// Adds the target of a link. The manifest that contains the link must have been added before.
  mutating func add(_ link: ReferenceWalk.Link, _ address: BlobAddress) {
    if nodes[address.digest] == nil {
      nodes[address.digest] = Node(address: address)
      order.append(address.digest)
    }
    // A referrer refers to the manifest that is its origin, and not the other way round.
    guard case .manifest(let parent, let role) = link.origin, role != ReferenceWalk.Link.referrer,
      edges.insert(Edge(parent: parent, child: address.digest)).inserted
    else { return }
    nodes[parent]?.childCount += 1
    nodes[address.digest]?.parents.append(parent)
  }

  /// The number of manifests and blobs.
  var count: Int { nodes.count }

  /// A topological order (Kahn's algorithm): each blob comes before the manifests that refer to it.
  ///
  /// Manifests in a cycle, and those that refer to them, are omitted. Only content that does not match its digest can form
  /// one.
  var childrenFirst: [BlobAddress] {
    var nodes = nodes
    var ready = order.filter { nodes[$0]?.childCount == 0 }
    var result: [BlobAddress] = []
    var next = 0
    while next < ready.count {
      defer { next += 1 }
      guard let node = nodes[ready[next]] else { continue }
      result.append(node.address)
      for parent in node.parents {
        nodes[parent]?.childCount -= 1
        if nodes[parent]?.childCount == 0 { ready.append(parent) }
      }
    }
    return result
  }
}
