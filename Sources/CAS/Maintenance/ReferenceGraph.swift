import OCI

/// What refers to what, in an image.
struct ReferenceGraph {
  private struct Node {
    var address: BlobAddress
    /// How many manifests and blobs it refers to.
    var childCount = 0
    var parents: [Digest] = []
  }

  private struct Edge: Hashable {
    var parent: Digest
    var child: Digest
  }

  private var nodes: [Digest: Node] = [:]
  /// The digests, as they were found.
  private var order: [Digest] = []
  private var edges: Set<Edge> = []

  /// Adds what a link leads to, after the manifest that the link is in.
  mutating func add(_ link: ReferenceWalk.Link, _ address: BlobAddress) {
    if nodes[address.digest] == nil {
      nodes[address.digest] = Node(address: address)
      order.append(address.digest)
    }
    guard case .manifest(let parent, _) = link.origin,
      edges.insert(Edge(parent: parent, child: address.digest)).inserted
    else { return }
    nodes[parent]?.childCount += 1
    nodes[address.digest]?.parents.append(parent)
  }

  /// How much there is.
  var count: Int { nodes.count }

  /// All there is, everything before what refers to it; what refers to nothing comes first. Of what refers to itself,
  /// as only content that is not what its digest says can, nothing is given.
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
