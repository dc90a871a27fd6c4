import CASImage
import CASPlatform
import OCI
import Synchronization
import SystemPackage

/// The nodes that the kernel has looked up, with FUSE's lookup counts.
final class NodeTable: Sendable {
  private struct Known {
    private enum Reference {
      case blob(BlobNode)
      /// The number of the file is in the count: an object for each would take 48 bytes more.
      case imageFile(OpenImageFileSystem)
      case other(Box)
    }

    /// A reference to a node of any type takes two words, so only nodes have one of which there are few.
    private final class Box: Sendable {
      let node: any Node

      init(_ node: any Node) { self.node = node }
    }

    private static let restoredBit: UInt64 = 1 << 63
    /// The bits with the lookups of a file of an image. The kernel takes all lookups back together, so that more of them
    /// can count as the most.
    private static let fileLookupBits: UInt64 = 31

    private let reference: Reference
    /// The lookups, with the top bit for a restored node, and the number of a file above its lookups: fields of their own
    /// would take eight bytes for each node.
    private var counted: UInt64

    init(node: any Node, lookups: UInt64, isRestored: Bool = false) {
      counted = isRestored ? Self.restoredBit : 0
      switch node {
      case let blob as BlobNode: reference = .blob(blob)
      case let node as ImageFileNode:
        reference = .imageFile(node.opened)
        counted |= UInt64(UInt32(bitPattern: node.file.node)) << Self.fileLookupBits
      default: reference = .other(Box(node))
      }
      self.lookups = lookups
    }

    private var lookupMask: UInt64 {
      if case .imageFile = reference { return 1 << Self.fileLookupBits - 1 }
      return ~Self.restoredBit
    }

    /// Whether an earlier process had counted lookups too.
    var isRestored: Bool { counted & Self.restoredBit != 0 }

    /// The lookups that this process has counted.
    var lookups: UInt64 {
      get { counted & lookupMask }
      set { counted = min(newValue, lookupMask) | counted & ~lookupMask }
    }

    /// The node, unless it is a blob or in an image.
    var other: (any Node)? { if case .other(let box) = reference { box.node } else { nil } }

    var node: any Node {
      switch reference {
      case .blob(let node): node
      case .imageFile(let opened):
        ImageFileNode(opened, ImageFile(Int32(truncatingIfNeeded: counted >> Self.fileLookupBits), opened.image))
      case .other(let box): box.node
      }
    }
  }

  /// A table of at most this capacity is not shrunk.
  private static let smallCapacity = 10_000

  private let known: Monitor<[NodeID: Known]>
  private let journal: (any NodeJournal)?
  private let nodeWithoutName: @Sendable (NodeID) -> (any Node)?
  /// Whether each FORGET is read that was queued before this process began.
  private let hasReadQueue: Atomic<Bool>

  /// - Parameter journal: records the nodes; `nil` for a mount that ends with its process.
  /// - Parameter nodeWithoutName: finds a node of an earlier process by its id alone.
  init(
    root: any Node, journal: (any NodeJournal)? = nil,
    _ nodeWithoutName: @escaping @Sendable (NodeID) -> (any Node)? = { _ in nil }
  ) {
    self.journal = journal
    self.nodeWithoutName = nodeWithoutName
    hasReadQueue = Atomic(journal?.hasEarlier != true)
    known = Monitor([.root: Known(node: root, lookups: 1)])
  }

  /// How many nodes the kernel has looked up and not forgotten.
  var count: Int { known.withLock(notifying: .none) { $0.count } }

  /// The node of a number that the kernel sent.
  ///
  /// - Throws: ESTALE when the kernel was not told of it, or the node of an earlier process is gone.
  func node(_ id: NodeID) throws(Errno) -> any Node {
    if let node = known.withLock(notifying: .none, { $0[id]?.node }) { return node }
    return try restored(id)
  }

  /// Finds a node of an earlier process again, by the way by which the kernel found it.
  private func restored(_ id: NodeID) throws(Errno) -> any Node {
    guard let place = journal?.place(ofEarlier: id) else { throw .staleNFSFileHandle }
    let found: any Node
    do throws(Errno) {
      if let node = nodeWithoutName(id) {
        found = node
      } else {
        let noCaller = RequestContext(user: 0, group: 0, thread: 0)
        found = try node(place.parent).child(named: place.name, noCaller)
      }
    } catch {
      throw error == .noSuchFileOrDirectory || error == .notDirectory ? .staleNFSFileHandle : error
    }
    return known.withLock(notifying: .none) { known in
      if let other = known[id] { return other.node }
      known[id] = Known(node: found, lookups: 0, isRestored: true)
      return found
    }
  }

  /// Counts a lookup of a node.
  ///
  /// - Parameter place: the way by which the kernel finds it.
  /// - Returns: the node's id, and the node that has it: an equal one that was known already.
  func remember(_ node: any Node, at place: NodePlace) -> (NodeID, any Node) {
    // The ids of nodes that are gone, which the kernel may still use.
    var taken: Set<NodeID> = []
    while true {
      switch known.withLock(notifying: .none, { remember(node, at: place, unless: taken, &$0) }) {
      case .known(let id, let node): return (id, node)
      case .unclear(let id): if (try? restored(id)) == nil { taken.insert(id) }
      }
    }
  }

  private enum Remembered {
    case known(NodeID, any Node)
    /// An earlier process gave the preferred id to a node that has another place.
    case unclear(NodeID)
  }

  private func remember(
    _ node: any Node, at place: NodePlace, unless taken: Set<NodeID>, _ known: inout [NodeID: Known]
  ) -> Remembered {
    var id = node.preferredID
    while true {
      if let other = known[id] {
        if other.node.isSame(as: node) {
          known[id]?.lookups += 1
          return .known(id, other.node)
        }
      } else if !taken.contains(id) {
        guard let journal else { break }
        let earlier = journal.place(ofEarlier: id)
        if let earlier, earlier != place { return .unclear(id) }
        known[id] = Known(node: node, lookups: 1, isRestored: earlier != nil)
        if earlier == nil { journal.didRemember(id, at: place) }
        return .known(id, node)
      }
      id = NodeID(id.rawValue &+ 1)
    }
    known[id] = Known(node: node, lookups: 1)
    return .known(id, node)
  }

  /// The node in the table with an id.
  func known(_ id: NodeID) -> (any Node)? { known.withLock(notifying: .none) { $0[id]?.node } }

  /// The nodes in the table that are neither blobs nor in an image.
  var others: [(id: NodeID, node: any Node)] {
    known.withLock(notifying: .none) { known in known.compactMap { (id, known) in known.other.map { (id, $0) } } }
  }

  /// Adds a node that an earlier program had under an id, unless the kernel has forgotten it.
  func restore(_ node: any Node, as id: NodeID) {
    guard journal == nil || journal?.place(ofEarlier: id) != nil else { return }
    known.withLock(notifying: .none) { known in
      if known[id] == nil { known[id] = Known(node: node, lookups: 0, isRestored: true) }
    }
  }

  /// The node in the table that is the same as this one.
  func known<Kind: Node>(_ node: Kind) -> Kind? {
    known.withLock(notifying: .none) { known in
      var id = node.preferredID
      while let other = known[id] {
        if other.node.isSame(as: node) { return other.node as? Kind }
        id = NodeID(id.rawValue &+ 1)
      }
      return nil
    }
  }

  /// The digests of the blobs in the table.
  func blobs() -> [Digest] {
    known.withLock(notifying: .none) { $0.values.compactMap { ($0.node as? BlobNode)?.digest } }
  }

  /// Frees the memory of a table that has become much smaller, as after `find` over a million blobs.
  ///
  /// - Returns: whether memory was freed.
  func shrink() -> Bool {
    known.withLock(notifying: .none) { known in
      journal?.compact(keeping: known.count) { known[$0] != nil }
      guard known.capacity > Self.smallCapacity, known.capacity / 4 > known.count else { return false }
      // A dictionary never shrinks its storage; a new one is made.
      known = Dictionary(uniqueKeysWithValues: known.map { ($0.key, $0.value) })
      return true
    }
  }

  /// Notes that the queue of requests was empty since this process began.
  func didReadQueue() {
    if !hasReadQueue.load(ordering: .relaxed) { hasReadQueue.store(true, ordering: .relaxed) }
  }

  /// Takes lookups of a node back, and removes the node with the last one.
  ///
  /// The kernel does not keep the order of a FORGET and of later lookups of the same name. How many lookups earlier processes
  /// have counted is not known, so a FORGET that can be older than a counted lookup must not remove a node that the kernel
  /// may have: the node stays, perhaps without need, until a FORGET that no lookup can follow.
  func forget(_ id: NodeID, times: UInt64) {
    guard id != .root else { return }
    known.withLock(notifying: .none) { known in
      if !hasReadQueue.load(ordering: .relaxed), known[id]?.isRestored ?? true { return }
      guard let node = known[id] else {
        // An earlier process counted the lookups. The kernel takes all of them back by one request.
        journal?.didForget(id)
        return
      }
      let isLast = node.isRestored ? node.lookups == 0 : times >= node.lookups
      if isLast {
        known[id] = nil
        journal?.didForget(id)
      } else {
        known[id]?.lookups -= min(times, node.lookups)
      }
    }
  }
}
