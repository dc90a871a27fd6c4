import StoreTree

/// An event of the files that the kernel reads by itself, which is recorded before its effect can be seen.
enum PassthroughEvent: Equatable {
  /// The request of a number opens a node, through the daemon if there is no backing id.
  case opened(NodeID, Int32?, unique: UInt64)
  /// The request of a number releases a node.
  case released(NodeID, unique: UInt64)
  /// A backing id was registered.
  case registered(Int32)
  /// A backing id is about to be closed.
  case closed(Int32)
  /// The request of a number has had its effect.
  case answered(unique: UInt64)
}

/// The open nodes and the backing ids of a connection, which the kernel keeps when a server dies.
struct PassthroughState {
  /// The open count of a node.
  struct OpenNode: Equatable {
    /// `nil` while the node is read through the daemon.
    var id: Int32?
    var opens: Int
  }

  /// The number of requests whose effects are known, which is more than a server answers concurrently.
  private static let answeredLimit = 1024

  private(set) var nodes: [NodeID: OpenNode] = [:]
  /// The registered ids.
  private(set) var ids: Set<Int32> = []
  /// The last id.
  private(set) var lastID: Int32 = 0
  private var answered: [UInt64] = []

  /// Applies an event.
  mutating func apply(_ event: PassthroughEvent) {
    switch event {
    case .opened(let node, let id, let unique):
      nodes[node, default: OpenNode(id: id, opens: 0)].opens += 1
      note(unique)
    case .released(let node, let unique):
      release(node)
      note(unique)
    case .registered(let id):
      ids.insert(id)
      lastID = id
    case .closed(let id): ids.remove(id)
    case .answered(let unique): note(unique)
    }
  }

  private mutating func release(_ node: NodeID) {
    guard var open = nodes[node] else { return }
    open.opens -= 1
    nodes[node] = open.opens == 0 ? nil : open
  }

  private mutating func note(_ unique: UInt64) {
    // Events without a request, as the opens of a compacted log.
    guard unique != 0 else { return }
    answered.append(unique)
    if answered.count > 2 * Self.answeredLimit { answered.removeFirst(Self.answeredLimit) }
  }

  /// Whether a request had its effect, and the server died before it replied.
  func hasEffect(of unique: UInt64) -> Bool { answered.contains(unique) }

  /// Events that lead to this state.
  var events: [PassthroughEvent] {
    ids.sorted().map { .registered($0) } + (lastID == 0 ? [] : [.registered(lastID)])
      + (lastID == 0 || ids.contains(lastID) ? [] : [.closed(lastID)])
      + nodes.flatMap { (node, open) in Array(repeating: .opened(node, open.id, unique: 0), count: open.opens) }
      + answered.map { .answered(unique: $0) }
  }
}
