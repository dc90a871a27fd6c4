import CASPlatform
import OCI
import SystemPackage

/// The nodes the kernel knows, each with how often it was told of it: FUSE's lookup counts.
final class NodeTable: Sendable {
  private struct Known {
    var node: any Node
    var lookups: UInt64
  }

  /// A table with so little room is left as it is.
  private static let smallCapacity = 10_000

  private let known: Monitor<[NodeID: Known]>

  init(root: any Node) {
    known = Monitor([.root: Known(node: root, lookups: 1)])
  }

  /// How many nodes the kernel knows.
  var count: Int { known.withLock(notifying: .none) { $0.count } }

  /// The node of a number the kernel sent; ESTALE when it is none that it was told of.
  func node(_ id: NodeID) throws(Errno) -> any Node {
    guard let node = known.withLock(notifying: .none, { $0[id]?.node }) else { throw .staleNFSFileHandle }
    return node
  }

  /// Notes that the kernel is told of a node once more.
  ///
  /// - Returns: the number it is told, and the node that has it: the one known already when that is the same.
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

  /// The digests of the blobs the kernel knows.
  func blobs() -> [Digest] {
    known.withLock(notifying: .none) { $0.values.compactMap { ($0.node as? BlobNode)?.digest } }
  }

  /// Makes the table as small as what is in it, when that has become much less.
  ///
  /// - Returns: whether it had.
  func shrink() -> Bool {
    known.withLock(notifying: .none) { known in
      guard known.capacity > Self.smallCapacity, known.capacity / 4 > known.count else { return false }
      // A dictionary keeps its room; a new one has none.
      known = Dictionary(uniqueKeysWithValues: known.map { ($0.key, $0.value) })
      return true
    }
  }

  /// Notes that the kernel forgot a node so many times; what it does not know any more goes.
  func forget(_ id: NodeID, times: UInt64) {
    guard id != .root else { return }
    known.withLock(notifying: .none) { known in
      guard let lookups = known[id]?.lookups else { return }
      if lookups <= times { known[id] = nil } else { known[id]?.lookups = lookups - times }
    }
  }
}
