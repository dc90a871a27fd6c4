import CASPlatform
import OCI
import SystemPackage

/// The nodes that the kernel has looked up, with FUSE's lookup counts.
final class NodeTable: Sendable {
  private struct Known {
    private enum Reference {
      case blob(BlobNode)
      case other(Box)
    }

    /// A reference to a node of any type takes two words, so only nodes other than blobs have one, of which there are few.
    private final class Box: Sendable {
      let node: any Node

      init(_ node: any Node) { self.node = node }
    }

    private let reference: Reference
    var lookups: UInt64

    init(node: any Node, lookups: UInt64) {
      reference = if let blob = node as? BlobNode { .blob(blob) } else { .other(Box(node)) }
      self.lookups = lookups
    }

    var node: any Node {
      switch reference {
      case .blob(let node): node
      case .other(let box): box.node
      }
    }
  }

  /// A table of at most this capacity is not shrunk.
  private static let smallCapacity = 10_000

  private let known: Monitor<[NodeID: Known]>

  init(root: any Node) {
    known = Monitor([.root: Known(node: root, lookups: 1)])
  }

  /// How many nodes the kernel has looked up and not forgotten.
  var count: Int { known.withLock(notifying: .none) { $0.count } }

  /// The node of a number that the kernel sent.
  ///
  /// - Throws: ESTALE when the kernel was not told of it.
  func node(_ id: NodeID) throws(Errno) -> any Node {
    guard let node = known.withLock(notifying: .none, { $0[id]?.node }) else { throw .staleNFSFileHandle }
    return node
  }

  /// Counts a lookup of a node.
  ///
  /// - Returns: the node's id, and the node that has it: an equal one that was known already.
  func remember(_ node: any Node) -> (NodeID, any Node) {
    known.withLock(notifying: .none) { known in
      var id = node.preferredID
      while let other = known[id] {
        if other.node.isSame(as: node) {
          known[id]?.lookups += 1
          return (id, other.node)
        }
        id = NodeID(id.rawValue &+ 1)
      }
      known[id] = Known(node: node, lookups: 1)
      return (id, node)
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
      guard known.capacity > Self.smallCapacity, known.capacity / 4 > known.count else { return false }
      // A dictionary never shrinks its storage; a new one is made.
      known = Dictionary(uniqueKeysWithValues: known.map { ($0.key, $0.value) })
      return true
    }
  }

  /// Takes lookups of a node back, and removes the node with the last one.
  func forget(_ id: NodeID, times: UInt64) {
    guard id != .root else { return }
    known.withLock(notifying: .none) { known in
      guard let lookups = known[id]?.lookups else { return }
      if lookups <= times { known[id] = nil } else { known[id]?.lookups = lookups - times }
    }
  }
}
